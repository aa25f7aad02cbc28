# Copyright (c) elip_mm contributors. All rights reserved.
"""Which patches are still there, in states of four of them."""

import torch

from elip_mm.analysis import kept_patches, mentioned_share, tokens_per_layer
from elip_mm.structures import TokenPlan, TokenState
from tests.support.tiny import ELIP, HINTS, IMAGES, tiny_vit


def test_lengths_with_which_layers_are_left():
    lengths = tokens_per_layer(tiny_vit(ELIP), IMAGES, HINTS)
    assert lengths == [65] * 2 + [59] * 2 + [43] * 6 + [27] * 2


def state_of_four():
    """Patch 0 alone, 1 and 2 merged, 3 dropped."""
    state = TokenState.start(torch.randn(1, 5, 2), (2, 2), 1)
    target = torch.tensor([[0, 1, 2, 2, -1]])
    return state.apply(TokenPlan(target, torch.ones(1, 5), 3))


def test_kept_means_a_token_of_its_own():
    state = state_of_four()
    assert kept_patches(state).tolist() == [[True, False, False, False]]
    mentioned = torch.tensor([[True, True, False, False]])
    assert mentioned_share(state, mentioned) == 1.0
    assert mentioned_share(state, ~mentioned) == 0.0


def test_share_of_nothing_is_none():
    state = TokenState.start(torch.randn(1, 5, 2), (2, 2), 1)
    target = torch.tensor([[0, 1, 1, 1, 1]])
    merged = state.apply(TokenPlan(target, torch.ones(1, 5), 2))
    mentioned = torch.ones(1, 4, dtype=torch.bool)
    assert mentioned_share(merged, mentioned) is None
