# Copyright (c) elip_mm contributors. All rights reserved.
"""The counters count what is there, on work small enough to check by hand."""

import pytest
import torch

from elip_mm.analysis.counters import (
    count_flops,
    count_operators,
    saved_bytes,
)


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
