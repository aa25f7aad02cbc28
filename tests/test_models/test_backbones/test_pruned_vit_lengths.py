# Copyright (c) elip_mm contributors. All rights reserved.
"""Lengths in every layer and every look-ahead.

Acceptance: counts.
"""

import pytest
import torch

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints

PAPER = ((2, 2, 0.90), (4, 6, 0.65), (10, 2, 0.40))
METER = ((2, 2, 0.90), (4, 5, 0.70), (9, 2, 0.45))


def watch(vit):
    """Record the lengths that enter layers, and those of look-aheads."""
    passes, probes = [], []

    def note(layer, args, kwargs):
        main = kwargs.get('mode', 'full') == 'full'
        (passes if main else probes).append(args[0].shape[1])

    for layer in vit.layers:
        layer.register_forward_pre_hook(note, with_kwargs=True)
    return passes, probes


def stages_of(schedule):
    return [
        dict(layer=layer, look_ahead=ahead, keep_ratio=keep)
        for layer, ahead, keep in schedule
    ]


@pytest.mark.parametrize(
    'img_size, patch, depth, schedule, base, lengths, probes',
    [
        (224, 16, 12, PAPER, 'patches',
         [197] * 2 + [178] * 2 + [129] * 6 + [80] * 2,
         [197] * 2 + [178] * 6 + [129] * 2),
        (256, 16, 12, PAPER, 'patches',
         [257] * 2 + [232] * 2 + [168] * 6 + [104] * 2,
         [257] * 2 + [232] * 6 + [168] * 2),
        (384, 16, 12, PAPER, 'patches',
         [577] * 2 + [520] * 2 + [376] * 6 + [232] * 2,
         [577] * 2 + [520] * 6 + [376] * 2),
        (224, 16, 12, PAPER, 'tokens',
         [197] * 2 + [179] * 2 + [130] * 6 + [80] * 2,
         [197] * 2 + [179] * 6 + [130] * 2),
        (224, 32, 11, METER, 'patches',
         [50] * 2 + [46] * 2 + [36] * 5 + [24] * 2,
         [50] * 2 + [46] * 5 + [36] * 2),
        (224, 16, 11, METER, 'patches',
         [197] * 2 + [178] * 2 + [139] * 5 + [90] * 2,
         [197] * 2 + [178] * 5 + [139] * 2),
    ],
    ids=['224', '256', '384', 'clip-224', 'meter-b32', 'meter-b16'],
)  # fmt: skip
def test_lengths(img_size, patch, depth, schedule, base, lengths, probes):
    with torch.device('meta'):
        vit = PrunedViT(
            arch=dict(
                embed_dims=32,
                num_layers=depth,
                num_heads=2,
                feedforward_channels=64,
            ),
            img_size=img_size,
            patch_size=patch,
            out_type='raw',
            reducer=dict(
                type='elip_mm.ELIPReducer',
                stages=stages_of(schedule),
                count_base=base,
            ),
        )
        seen, ahead = watch(vit)
        images = torch.randn(2, 3, img_size, img_size)
        (out,) = vit(images, Hints(guidance=torch.randn(2, 32)))
    assert seen == lengths
    assert ahead == probes
    assert out.shape[1] == lengths[-1]


def test_literal_counts():
    """METER as released keeps 44/34/22 whatever the grid is."""
    with torch.device('meta'):
        vit = PrunedViT(
            arch=dict(
                embed_dims=32,
                num_layers=11,
                num_heads=2,
                feedforward_channels=64,
            ),
            img_size=288,
            reducer=dict(
                type='elip_mm.ELIPReducer',
                stages=stages_of(METER),
                keep_counts=(44, 34, 22),
            ),
        )
        seen, _ = watch(vit)
        images = torch.randn(1, 3, 288, 288)
        vit(images, Hints(guidance=torch.randn(1, 32)))
    assert seen == [325] * 2 + [46] * 2 + [36] * 5 + [24] * 2
