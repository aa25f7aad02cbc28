# Copyright (c) elip_mm contributors. All rights reserved.
"""The counters count what is there, on work small enough to check by hand."""

import pytest
import torch

from elip_mm.analysis.counters import (
    count_flops,
    count_operators,
    kept_patches,
    mentioned_share,
    saved_bytes,
    tokens_per_layer,
)
from elip_mm.structures import TokenPlan, TokenState

from ..tiny import ELIP, HINTS, IMAGES, tiny_vit


def test_a_product_costs_two_flops_for_a_multiply_add():
    one, other = torch.randn(3, 4), torch.randn(4, 5)
    assert count_flops(lambda: one @ other) == 2 * 3 * 4 * 5


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_fused_attention_is_counted(device):
    query = torch.randn(1, 2, 7, 8, device=device)
    attend = torch.nn.functional.scaled_dot_product_attention
    count = count_flops(lambda: attend(query, query, query))
    assert count == 2 * 2 * (2 * 7 * 7 * 8)


def test_operators_are_counted_forward_and_backward():
    x = torch.randn(3, requires_grad=True)
    forward = count_operators(lambda: x.neg().sum())
    both = count_operators(lambda: x.neg().sum().backward())
    assert forward == 2 < both


def test_saved_bytes_count_each_storage_once_and_no_weights():
    weight = torch.randn(10, 10, requires_grad=True)
    x = torch.randn(4, 10)

    def forward():
        hidden = x @ weight  # keeps x: 4 * 10 floats
        return (hidden * hidden).sum()  # keeps hidden, twice the same

    assert saved_bytes(forward, [weight]) == 2 * 4 * 40
    assert saved_bytes(lambda: x @ x.t()) == 0


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
