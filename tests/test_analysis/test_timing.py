# Copyright (c) elip_mm contributors. All rights reserved.
"""Works are timed in turns, and the clock fits the machine."""

import time

from elip_mm.analysis.timing import choose_clock, time_in_turns


def test_works_take_turns():
    done, now = [], [0.0]

    def make_work(name, seconds):
        def work():
            done.append(name)
            now[0] += seconds

        return work

    works = [make_work('a', 1.0), make_work('b', 2.0)]
    times = time_in_turns(works, rounds=2, clock=lambda: now[0])
    # The first of three rounds warms up.
    assert done == ['a', 'b'] * 3
    assert times == [[1.0, 1.0], [2.0, 2.0]]


def test_no_rounds_run_nothing():
    assert time_in_turns([lambda: 1 / 0], rounds=0) == [[]]


def test_one_thread_of_a_cpu_has_its_own_time():
    assert choose_clock(1, 'cpu') is time.process_time
    assert choose_clock(2, 'cpu') is time.perf_counter
    assert choose_clock(1, 'cuda') is time.perf_counter
