# Copyright (c) elip_mm contributors. All rights reserved.
"""Seconds of pieces of work that are to be compared."""

import time
from typing import Callable, List, Sequence

import torch

Clock = Callable[[], float]


def time_in_turns(
    works: Sequence[Callable[[], object]],
    rounds: int,
    clock: Clock = time.perf_counter,
) -> List[List[float]]:
    """Time several pieces of work in turns, in one process.

    Every round runs each of them once, so that a machine that speeds up or
    slows down does so for all of them. A first round warms up and does not
    count.

    Args:
        works (Sequence[Callable]): Each is called without arguments.
        rounds (int): Timed rounds; with 0 nothing runs at all.
        clock (Callable): Seconds from a fixed point. Defaults to
            ``time.perf_counter``.

    Returns:
        list[list[float]]: Seconds of every round, for each piece of work.
    """
    times: List[List[float]] = [[] for _ in works]
    for turn in range(rounds + 1 if rounds else 0):
        for work, spent in zip(works, times):
            begin = clock()
            work()
            wait_for_device()
            if turn:
                spent.append(clock() - begin)
    return times


def choose_clock(threads: int, device: str) -> Clock:
    """The clock that tells most about a piece of work.

    Args:
        threads (int): Threads that it runs in.
        device (str): Where it runs.

    Returns:
        Callable: For one thread on a CPU the time of the process, to which
        other processes do not add; otherwise that of the wall.
    """
    alone = threads == 1 and device == 'cpu'
    return time.process_time if alone else time.perf_counter


def wait_for_device() -> None:
    """Let an accelerator finish what it was given, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
