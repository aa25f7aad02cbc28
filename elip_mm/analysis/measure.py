# Copyright (c) elip_mm contributors. All rights reserved.
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Dict, List, Optional, Sequence, Tuple

from .counters import count_flops, count_operators, saved_bytes
from .peak_memory import device_peak, peak_bytes
from .timing import Clock, time_in_turns
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
        """float: By the median of the times."""
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
    clock: Clock = time.process_time,
) -> List[Measurement]:
    """Measure several workloads, timed in turns in one process.

    Args:
        workloads (Sequence[Workload]): The first is usually the baseline.
        rounds (int): Timed rounds; 0 leaves the times out. Defaults to 9.
        clock (Callable): Seconds from a fixed point, see
            :func:`choose_clock`. Defaults to the time of the process.

    Returns:
        list[Measurement]: In the order of the workloads.
    """
    times = time_in_turns([work.run for work in workloads], rounds, clock)
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


def _saved_bytes(work: Workload) -> int:
    # Without real kernels attention is not fused, and stores its matrices.
    if not work.train or next(work.module.parameters()).is_meta:
        return 0
    return saved_bytes(work.forward, work.module.parameters())


def _peak_bytes(work: Workload) -> Optional[int]:
    device = next(work.module.parameters()).device
    if device.type != 'cuda':
        return None
    peak_bytes(work.run, device)
    return device_peak(device)
