# Copyright (c) elip_mm contributors. All rights reserved.
"""Ratios become counts as exact arithmetic, or a released code, has them."""

import math
from fractions import Fraction

import pytest

from elip_mm.ops import ease_count, ratio_to_count, round_ratio_up

PERCENT = range(1, 101)
# Squares of the patches of a side, with and without a class token.
BASES = sorted({side**2 + cls for side in range(2, 50) for cls in (0, 1)})


@pytest.mark.parametrize('digits', [2, 3])
def test_elips_counts_are_those_of_decimal_arithmetic(digits):
    """What a user writes, 0.29 of 100, is 29, whatever floats make of it."""
    for step in range(1, 10**digits + 1):
        exact = Fraction(step, 10**digits)
        for base in BASES:
            wanted = max(1, math.floor(exact * base))
            assert ratio_to_count(float(exact), base) == wanted


def test_evits_counts_are_those_of_the_released_code():
    """Rounded up as the product of floats is, without a tolerance."""
    for step in PERCENT:
        for total in range(1, 1400):
            ratio = step / 100
            assert round_ratio_up(ratio, total) == math.ceil(ratio * total)


def test_where_floats_decide_evits_count():
    found = {
        (step, total)
        for step in PERCENT
        for total in (49, 100, 144, 196, 256, 576)
        if round_ratio_up(step / 100, total) != -(-step * total // 100)
    }
    assert {(55, 100), (7, 100), (14, 100)} <= found
    assert round_ratio_up(0.7, 10) == 7 and round_ratio_up(0.55, 100) == 56
    # The published schedule for 224 px: 196, then 139, 98, 69.
    totals = [round_ratio_up(0.7, n) for n in (196, 139, 98)]
    assert totals == [138, 98, 69]


def test_easing_ends_at_the_goal_and_never_turns_back():
    for total, goal in ((196, 138), (65, 1), (9, 9), (5, 8)):
        counts = [ease_count(total, goal, n / 100) for n in range(101)]
        assert counts[0] == total and counts[-1] == min(goal, total)
        assert counts == sorted(counts, reverse=True)
