# Copyright (c) elip_mm contributors. All rights reserved.
import os
from typing import Callable

# Read when the profiler starts; it would report the absence of an accelerator.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')

import torch
from torch.profiler import ProfilerActivity, profile


def peak_bytes(work: Callable[[], object], device: str = 'cpu') -> int:
    """Most memory that a call needs beyond what is there already.

    On a CPU every allocation and release of torch is recorded; the figure is
    exact and the same each time. Temporary tensors count, those inside of
    kernels that torch does not allocate do not.

    Args:
        work (Callable): Called once without arguments. What it leaves behind
            counts as well.
        device (str): ``'cpu'`` or an accelerator. Defaults to 'cpu'.

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


def _recorded_peak(work: Callable[[], object]) -> int:
    with profile(
        activities=[ProfilerActivity.CPU], profile_memory=True
    ) as prof:
        work()
    events = [
        event
        for event in prof.profiler.kineto_results.events()
        if event.name() == '[memory]'
    ]
    now = highest = 0
    for event in sorted(events, key=_moment):
        now += event.nbytes()
        highest = max(highest, now)
    return highest


def _moment(event) -> int:
    # Nanoseconds since torch 2.4 or so, microseconds before.
    return event.start_ns() if hasattr(event, 'start_ns') else event.start_us()
