# Copyright (c) elip_mm contributors. All rights reserved.
"""How a tool uses the processors of its machine, chosen once at the start."""

import ctypes
import os
import platform
from pathlib import Path
from typing import Optional

import torch

__all__ = ['count_processors', 'use_processors']

# glibc's names for what mallopt sets.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 1 << 30


def use_processors() -> str:
    """Choose threads and memory policy of this process.

    - As many threads compute as processors may be used, which in a container
      can be fewer than the machine has. ``OMP_NUM_THREADS`` has precedence.
    - Memory that a step frees is kept for the next one. By default glibc
      hands large pieces back to the system and asks for them again, page by
      page: a tenth of a small model's step.

    Returns:
        str: What was chosen, for the log.
    """
    asked = os.environ.get('OMP_NUM_THREADS')
    if not asked:
        torch.set_num_threads(count_processors())
    threads = torch.get_num_threads()
    source = 'OMP_NUM_THREADS' if asked else 'processors that may be used'
    memory = 'kept' if _keep_freed_memory() else 'given back'
    return f'{threads} threads compute ({source}), freed memory is {memory}'


def count_processors() -> int:
    """Processors that this process may use at once, at least 1.

    Returns:
        int: The smaller of those it may run on and, in a container on Linux,
        its share of the machine's time.
    """
    try:
        number = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has it
        number = os.cpu_count() or 1
    quota = _read_quota()
    return max(1, min(number, round(quota)) if quota else number)


def _read_quota(root: Path = Path('/sys/fs/cgroup')) -> Optional[float]:
    """Processors' worth of time that the container gets, if it is limited."""
    try:
        limit, period = (root / 'cpu.max').read_text().split()
    except (OSError, ValueError):
        return None
    return None if limit == 'max' else int(limit) / int(period)


def _keep_freed_memory() -> bool:
    """Tell glibc to keep what is freed; False where there is no glibc."""
    if platform.libc_ver()[0] != 'glibc':
        return False
    libc = ctypes.CDLL(None)
    return all(
        libc.mallopt(name, _KEPT_BYTES) == 1
        for name in (_MMAP_THRESHOLD, _TRIM_THRESHOLD)
    )
