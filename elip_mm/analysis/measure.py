# Copyright (c) elip_mm contributors. All rights reserved.
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import torch

from .counters import (
    count_flops,
    count_operators,
    saved_bytes,
)
from .workload import Workload


@dataclass(frozen=True)
class Measurement:
    """Costs of one workload.

    Args:
        name (str): Name of the workload.
        flops (int): FLOPs of one repetition, look-ahead included.
        saved_bytes (int): Activations kept for the backward pass; 0 for
            inference and on the meta device.
        operators (int): Operators that one repetition calls.
        peak_bytes (int, optional): Highest memory of the device in use. None
            where the device does not tell.
        times (tuple[float]): Seconds of each timed repetition.
        images (int): Images of one repetition.
    """

    name: str
    flops: int
    saved_bytes: int
    operators: int
    peak_bytes: Optional[int]
    times: Tuple[float, ...] = field(repr=False)
    images: int = 1

    @property
    def images_per_second(self) -> float:
        return self.images / median(self.times)

    def relative_to(self, base: 'Measurement') -> Dict[str, float]:
        """Ratios to a baseline that was timed in the same rounds.

        Args:
            base (Measurement): The baseline.

        Returns:
            dict[str, float]: ``flops``, ``operators``; for training
            ``saved_bytes``; if times were taken ``time``, the ratio of the
            minima, and ``time_median``, the median of the ratios by round.
        """
        ratios = dict(
            flops=self.flops / base.flops,
            operators=self.operators / base.operators,
        )
        if base.saved_bytes:
            ratios['saved_bytes'] = self.saved_bytes / base.saved_bytes
        if base.times:
            by_round = zip(self.times, base.times)
            ratios['time'] = min(self.times) / min(base.times)
            ratios['time_median'] = median(a / b for a, b in by_round)
        return ratios


def measure(
    workloads: Sequence[Workload],
    rounds: int = 9,
    clock: Callable[[], float] = time.process_time,
) -> List[Measurement]:
    """Measure several workloads, timed in turns in one process.

    Every round runs each workload once, so that a machine that speeds up or
    slows down does so for all of them. A first round warms up and does not
    count.

    Args:
        workloads (Sequence[Workload]): The first is usually the baseline.
        rounds (int): Timed rounds; 0 leaves the times out. Defaults to 9.
        clock (Callable): Seconds from a fixed point. Defaults to the time of
            the process, which is right for one thread; use
            ``time.perf_counter`` for several threads or an accelerator.

    Returns:
        list[Measurement]: In the order of the workloads.
    """
    times = _time_in_turns(workloads, rounds, clock)
    return [
        Measurement(
            name=work.name,
            flops=count_flops(work.run),
            saved_bytes=_saved_bytes(work),
            operators=count_operators(work.run),
            peak_bytes=_peak_bytes(work),
            times=tuple(times[index]),
            images=work.images,
        )
        for index, work in enumerate(workloads)
    ]


def _time_in_turns(
    workloads: Sequence[Workload], rounds: int, clock: Callable[[], float]
) -> List[List[float]]:
    times: List[List[float]] = [[] for _ in workloads]
    for turn in range(rounds + 1 if rounds else 0):
        for work, spent in zip(workloads, times):
            begin = clock()
            work.run()
            wait_for_device()
            if turn:
                spent.append(clock() - begin)
    return times


def wait_for_device() -> None:
    """Let an accelerator finish what it was given, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _saved_bytes(work: Workload) -> int:
    # Without real kernels attention is not fused, and stores its matrices.
    if not work.train or next(work.module.parameters()).is_meta:
        return 0
    return saved_bytes(work.forward, work.module.parameters())


def _peak_bytes(work: Workload) -> Optional[int]:
    device = next(work.module.parameters()).device
    if device.type != 'cuda':
        return None
    torch.cuda.reset_peak_memory_stats(device)
    work.run()
    return torch.cuda.max_memory_allocated(device)
