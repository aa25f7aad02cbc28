# Copyright (c) elip_mm contributors. All rights reserved.
"""Keeping and merging, as a pure function.

Acceptance: kept-order, merge-weights, identity, gradient.
"""

import pytest
import torch

from elip_mm.ops import base_count, keep_and_fuse, ratio_to_count

_DRAW = torch.Generator().manual_seed(0)
SCORES = torch.rand(4, 21, generator=_DRAW)
TOKENS = torch.randn(4, 21, 8, generator=_DRAW)


def test_order_and_bits_of_kept_tokens():
    """Acceptance: kept-order."""
    plan = keep_and_fuse(SCORES, 12)
    tokens = plan.combine(TOKENS)
    assert tokens.shape == (4, 14, 8)
    for row in range(4):
        patches = SCORES[row, 1:]
        best = patches.argsort(descending=True)[:12].sort().values + 1
        assert (best.diff() > 0).all()
        torch.testing.assert_close(
            tokens[row, 0], TOKENS[row, 0], rtol=0, atol=0
        )
        assert torch.equal(tokens[row, 1:13], TOKENS[row, best])
        assert torch.equal(plan.target[row, best], torch.arange(1, 13))


@pytest.mark.parametrize('eps', [1e-6, 0.0])
def test_fusing_weights(eps):
    """Non-negative, and they add up to S / (S + eps).

    Acceptance: merge-weights.
    """
    plan = keep_and_fuse(SCORES, 12, eps=eps)
    fused = plan.target == 13
    weights = plan.weight * fused
    assert (weights >= 0).all() and (fused.sum(1) == 8).all()
    assert (plan.weight[~fused] == 1).all()
    total = (SCORES * fused).sum(1)
    torch.testing.assert_close(weights.sum(1), total / (total + eps))


def test_raw_weights_of_evit():
    plan = keep_and_fuse(SCORES, 12, normalize=False)
    fused = plan.target == 13
    assert torch.equal(plan.weight[fused], SCORES[fused])


def test_nothing_to_fuse_is_no_plan():
    """Acceptance: identity. No empty token is ever appended."""
    assert keep_and_fuse(SCORES, 20) is None
    assert keep_and_fuse(SCORES, 99) is None


def test_a_lone_fused_token_moves_to_the_end():
    """And shrinks by a / (a + eps) only."""
    scores = SCORES.double()
    tokens = keep_and_fuse(scores, 19).combine(TOKENS.double())
    lowest, worst = scores[:, 1:].min(1)
    expected = TOKENS.double()[torch.arange(4), worst + 1]
    shrunk = expected * (lowest / (lowest + 1e-6)).unsqueeze(1)
    torch.testing.assert_close(tokens[:, -1], shrunk)


def test_gradient_of_the_fused_token():
    """It is w_j for a fused token, nothing for the others.

    Acceptance: gradient.
    """
    tokens = TOKENS.clone().requires_grad_()
    plan = keep_and_fuse(SCORES, 12)
    plan.combine(tokens)[:, -1].sum().backward()
    expected = torch.where(plan.target == 13, plan.weight, 0.0)
    assert torch.equal(tokens.grad, expected[..., None].expand(-1, -1, 8))


def test_ties_go_to_the_earlier_patch():
    plan = keep_and_fuse(torch.ones(1, 9), 3)
    assert plan.target.tolist() == [[0, 1, 2, 3, 4, 4, 4, 4, 4]]


@pytest.mark.parametrize('num_prefix', [0, 1, 5])
def test_prefix_never_competes(num_prefix):
    scores = SCORES.clone()
    scores[:, :num_prefix] = 0
    plan = keep_and_fuse(scores, 4, num_prefix)
    assert torch.equal(
        plan.target[:, :num_prefix],
        torch.arange(num_prefix).expand(4, -1),
    )
    assert plan.num_tokens == num_prefix + 5


@pytest.mark.parametrize(
    'rule, num_patches, shares, counts',
    [
        ('patches', 196, (0.90, 0.65, 0.40), (176, 127, 78)),
        ('tokens', 196, (0.90, 0.65, 0.40), (177, 128, 78)),
        ('patches', 256, (0.90, 0.65, 0.40), (230, 166, 102)),
        ('patches', 576, (0.90, 0.65, 0.40), (518, 374, 230)),
        ('patches', 49, (0.90, 0.70, 0.45), (44, 34, 22)),
        ('patches', 196, (0.90, 0.70, 0.45), (176, 137, 88)),
        ('patches', 324, (0.90, 0.70, 0.45), (291, 226, 145)),
        (49, 324, (0.90, 0.70, 0.45), (44, 34, 22)),
        ('patches', 100, (0.29,), (29,)),
    ],
)
def test_counts_of_the_reference(rule, num_patches, shares, counts):
    """The worked tables of the method, and a share that floats break."""
    base = base_count(rule, num_patches, num_prefix=1)
    assert tuple(ratio_to_count(share, base) for share in shares) == counts
