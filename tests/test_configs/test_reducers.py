# Copyright (c) elip_mm contributors. All rights reserved.
"""The bases in configs/_base_/reducers fit the towers in their names."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from elip_mm.analysis.tower_costs import count_tower

FOLDER = Path(__file__).parents[2] / 'configs/_base_/reducers'
BASES = sorted(FOLDER.glob('*.py'))
# Depth: sides of the image and of a patch. The 11 layers are METER's, whose
# published counts are those of 49 patches.
SIDES = {6: (64, 8), 11: (224, 32), 12: (224, 16)}


def mean_tokens(path, depth):
    img_size, patch_size = SIDES[depth]
    costs = count_tower(
        dict(
            type='elip_mm.PrunedViT',
            arch=dict(
                embed_dims=48,
                num_layers=depth,
                num_heads=3,
                feedforward_channels=96,
            ),
            img_size=img_size,
            patch_size=patch_size,
            reducer=Config.fromfile(path).reducer,
        )
    )
    # Some reduce between the halves of a layer: the mean of both halves.
    return sum(costs.entered + costs.left) / (2 * depth)


@pytest.mark.parametrize('path', BASES, ids=lambda path: path.stem)
def test_bases_keep_as_many_tokens_as_elip_on_average(path):
    named = re.search(r'_vit-(\d+)layer', path.stem)
    for depth in [int(named[1])] if named else [6, 12]:
        elip = mean_tokens(FOLDER / f'elip_vit-{depth}layer.py', depth)
        # EViT's own schedule for 12 layers is a little shorter, and four
        # merged tokens in place of one are longer.
        slack = 0.09 if path.stem == 'evit_vit-12layer' else 0.06
        assert mean_tokens(path, depth) == pytest.approx(elip, rel=slack)
