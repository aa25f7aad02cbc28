# Copyright (c) elip_mm contributors. All rights reserved.
"""Any scores give a plan that loses nothing, or are refused in words."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from elip_mm.ops import (
    keep_and_drop,
    keep_and_fuse,
    keep_and_group,
    match_halves,
)
from elip_mm.structures import TokenState
from tests.support.fuzz_values import outcome
from tests.support.fuzzing import examples

VALUES = st.sampled_from([0.0, 1.0, 0.5, 1e-38, 1e38, math.inf, math.nan])
COUNTS = st.integers(-2, 14)


def check_plan(plan, length, num_prefix, drops=False):
    """A plan has to send every token somewhere and count them all."""
    if plan is None:
        return
    state = TokenState.start(
        torch.ones(1, length, 2), (1, length - num_prefix), num_prefix
    )
    after = state.apply(plan)
    assert after.tokens.shape[1] == plan.num_tokens <= length
    assert plan.target.min() >= (-1 if drops else 0)
    assert plan.target.max() < plan.num_tokens
    prefix = torch.arange(num_prefix)
    assert torch.equal(plan.target[0, :num_prefix], prefix)
    alive = int((plan.target >= 0).sum())
    assert after.sizes.sum() == alive
    assert drops or alive == length


@examples(20, 1000)
@given(
    st.lists(VALUES, min_size=1, max_size=12),
    COUNTS,
    st.integers(-1, 4),
    COUNTS,
    st.integers(0, 2**31),
)
def test_plans(values, num_keep, num_prefix, number, seed):
    scores = torch.tensor([values])
    length = len(values)
    torch.manual_seed(seed)
    metric = torch.randn(1, length, 3)
    fuse = outcome(
        lambda: keep_and_fuse(scores, num_keep, num_prefix), 'keep_and_fuse'
    )
    check_plan(fuse, length, num_prefix)
    group = outcome(
        lambda: keep_and_group(scores, metric, num_keep, number, num_prefix),
        'keep_and_group',
    )
    check_plan(group, length, num_prefix)
    merge = outcome(
        lambda: match_halves(
            metric, torch.ones(1, length), number, num_prefix
        ),
        'match_halves',
    )
    check_plan(merge, length, num_prefix)
    drop = outcome(
        lambda: keep_and_drop(scores[:, 1:], num_keep, 1), 'keep_and_drop'
    )
    check_plan(drop, length, 1, drops=True)


@examples(10, 400)
@given(st.lists(st.integers(0, 3), max_size=4), COUNTS, st.integers(0, 2))
def test_shapes(shape, num_keep, num_prefix):
    scores = torch.rand(shape)
    for of in (keep_and_fuse, keep_and_drop):
        plan = outcome(
            lambda of=of: of(scores, num_keep, num_prefix), of.__name__
        )
        assert plan is None or plan.target.ndim == 2
