# Copyright (c) elip_mm contributors. All rights reserved.
"""Provenance survives any number of stages; dense maps follow from it."""

import dataclasses

import pytest
import torch

from elip_mm.ops import keep_and_fuse
from elip_mm.structures import AttentionTrace, TokenPlan, TokenState

GRID = (3, 5)


def start(num_prefix=1):
    tokens = torch.randn(2, num_prefix + 15, 4)
    return TokenState.start(tokens, GRID, num_prefix)


def reduce_twice(state):
    for num_keep in (10, 4):
        scores = torch.rand(2, state.tokens.shape[1])
        state = state.apply(keep_and_fuse(scores, num_keep, state.num_prefix))
    return state


@pytest.mark.parametrize('num_prefix', [0, 1, 3])
def test_sizes_count_the_patches_owned(num_prefix):
    state = reduce_twice(start(num_prefix))
    owned = torch.zeros_like(state.sizes).scatter_add(
        1, state.owner, torch.ones(state.owner.shape)
    )
    assert torch.equal(owned[:, num_prefix:], state.sizes[:, num_prefix:])
    assert (state.sizes[:, num_prefix:].sum(1) == 15).all()


def test_dense_map_gives_each_patch_its_owner():
    state = reduce_twice(start())
    dense = state.dense()
    assert dense.shape == (2, 4, *GRID)
    for patch in range(15):
        row, column = divmod(patch, GRID[1])
        owner = state.owner[0, patch]
        assert torch.equal(dense[0, :, row, column], state.tokens[0, owner])
    torch.testing.assert_close(state.mean(), dense.flatten(2).mean(2))


def test_dropped_patches_are_zero_and_flagged():
    state = start()
    target = torch.arange(16).expand(2, -1).clone()
    target[:, 10:] = -1
    plan = TokenPlan(target, torch.ones(2, 16), 10)
    state = state.apply(plan)
    assert (state.owner[:, 9:] == -1).all()
    assert (state.dense().flatten(2)[:, :, 9:] == 0).all()
    assert state.tokens.shape == (2, 10, 4)
    # What was dropped stays dropped.
    state = state.apply(keep_and_fuse(torch.rand(2, 10), 5))
    assert (state.owner[:, 9:] == -1).all()


def test_unreduced_state_is_the_grid():
    state = start()
    patches = state.tokens[:, 1:].transpose(1, 2).reshape(2, 4, *GRID)
    assert torch.equal(state.dense(), patches)
    assert torch.equal(state.mean(), state.tokens[:, 1:].mean(1))
    assert state.apply(None) is state


def test_values_are_frozen():
    state = start()
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.tokens = None
    with pytest.raises(AttributeError):
        keep_and_fuse(torch.rand(1, 5), 2).weight = None


def test_trace_row_is_the_row_of_the_full_map():
    """Acceptance: short-score. On the trace."""
    query, key = torch.randn(2, 2, 3, 7, 5)
    trace = AttentionTrace(query, key)
    full = (query @ key.transpose(-1, -2) * 5**-0.5).softmax(-1).mean(1)
    for index in (0, 4):
        torch.testing.assert_close(trace.attention_from(index), full[:, index])
    assert not trace.attention_from(0).requires_grad
