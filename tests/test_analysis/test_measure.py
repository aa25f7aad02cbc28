# Copyright (c) elip_mm contributors. All rights reserved.
"""Several workloads are measured under the same conditions."""

import itertools

from elip_mm.analysis import Tower, make_workload, measure
from tests.support.tiny import ARCH, ELIP


def test_workloads_take_turns_and_the_first_round_does_not_count():
    tower = Tower(ARCH, (32, 64), 8, batch_size=1)
    works = [
        make_workload('dense', tower, train=False),
        make_workload('elip', tower, ELIP, train=False),
    ]
    ticks = itertools.count()
    found = measure(works, rounds=3, clock=lambda: next(ticks))
    # Two looks at the clock for each piece of work.
    assert [one.times for one in found] == [(1, 1, 1)] * 2
    assert [one.saved_bytes for one in found] == [0, 0]
    assert found[1].relative_to(found[0])['time'] == 1
    assert found[1].flops > found[0].flops  # forward alone does not pay
