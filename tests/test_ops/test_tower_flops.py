# Copyright (c) elip_mm contributors. All rights reserved.
"""Costs of the parts of a layer, worked out by hand for a tiny tower.

Tests of budgets and of measured towers compare whole passes with the counter.
"""

from elip_mm.ops import TowerShape, layer_macs, mean_key_macs, score_macs

TINY = TowerShape(
    num_layers=2,
    width=8,
    num_heads=2,
    attention_weights=4 * 8 * 8,
    feed_forward_weights=2 * 8 * 32,
    patch_weights=3 * 4 * 4 * 8,
    num_patches=4,
)


def test_layer():
    # 5 tokens: projections 5 * 256, both products 2 * 25 * 8, then 5 * 512.
    assert layer_macs(TINY, 5) == 1280 + 400 + 2560
    # Two of them are merged away after the attention.
    assert layer_macs(TINY, 5, 3) == 1280 + 400 + 1536


def test_score_and_keys():
    # The query, and the key projection applied to it; 5 logits in 2 heads.
    assert score_macs(TINY, 5) == 64 + 64 + 5 * 8 * 2
    assert mean_key_macs(TINY, 5) == 5 * 8 * 4


def test_tokens_before_any_reduction():
    assert TINY.num_tokens == 5
