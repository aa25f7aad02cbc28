# Copyright (c) elip_mm contributors. All rights reserved.
"""The highest moment of memory, of a call and of the process."""

import os
from typing import Callable, Iterator, Optional, Tuple, Union

import torch
from torch.profiler import ProfilerActivity, profile

Device = Union[str, torch.device]


def peak_bytes(work: Callable[[], object], device: Device = 'cpu') -> int:
    """Most memory that a call needs beyond what is there already.

    On a CPU every allocation and release of torch is recorded; the figure is
    exact and the same each time. Temporary tensors count, those inside of
    kernels that torch does not allocate do not.

    Args:
        work (Callable): Called once without arguments. What it leaves behind
            counts as well.
        device (str | torch.device): A CPU or an accelerator. Defaults to
            'cpu'.

    Returns:
        int: Bytes at the highest moment.
    """
    if torch.device(device).type == 'cpu':
        return _recorded_peak(work)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    work()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before


def device_peak(device: Optional[Device] = None) -> Optional[int]:
    """Most memory of an accelerator that was in use, weights included.

    Args:
        device (str | torch.device, optional): Defaults to None, the current
            one.

    Returns:
        int or None: Bytes since the start of the process, or since
        :func:`peak_bytes` was called; None for a CPU, which does not tell.
    """
    if not torch.cuda.is_available():
        return None
    if device is not None and torch.device(device).type != 'cuda':
        return None
    return torch.cuda.max_memory_allocated(device)


def _recorded_peak(work: Callable[[], object]) -> int:
    # The profiler would report the absence of an accelerator as it starts.
    os.environ.setdefault('KINETO_LOG_LEVEL', '99')
    with profile(
        activities=[ProfilerActivity.CPU], profile_memory=True
    ) as prof:
        work()
    totals = list(_totals(prof.profiler.kineto_results))
    if not totals:
        return 0
    # Running totals are taken when a tensor is made or released; adding up
    # the sizes instead would depend on the order of time stamps.
    first = min(totals)
    return max(total for _, total, _ in totals) - (first[1] - first[2])


def _totals(results) -> Iterator[Tuple[int, int, int]]:
    """Time, running total and size (negative: released) of each event."""
    waiting = list(results.experimental_event_tree())
    while waiting:
        event = waiting.pop()
        waiting.extend(event.children)
        if event.name == '[memory]':
            fields = event.extra_fields
            yield (
                event.start_time_ns,
                fields.total_allocated,
                fields.alloc_size,
            )
