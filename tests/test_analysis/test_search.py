# Copyright (c) elip_mm contributors. All rights reserved.
"""Doubling and bisecting find the border, and try little."""

import pytest

from elip_mm.analysis import largest_that_fits


@pytest.mark.parametrize('largest', [0, 1, 2, 5, 64, 100])
@pytest.mark.parametrize('start', [1, 7])
def test_trial_doubles_and_bisects(largest, start):
    tried = []

    def fits(batch):
        tried.append(batch)
        return batch <= largest

    assert largest_that_fits(fits, start) == largest
    assert len(tried) == len(set(tried)) <= 16
    assert largest_that_fits(fits, start, limit=50) == min(largest, 50)
