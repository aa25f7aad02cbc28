# Copyright (c) elip_mm contributors. All rights reserved.
"""Variants are what a command line names, towers or whole recipes."""

from dataclasses import replace

import pytest

from elip_mm.analysis import Tower, measure
from elip_mm.analysis.variants import (
    find_config,
    find_variant,
    find_variants,
    make_workload_of,
    scale_keep,
)

RECIPES = [
    f'configs/albef/albef_tiny_{name}_1xb32_synthetic-scenes-64px.py'
    for name in ('dense', 'elip')
]


def test_variants_are_found_by_name_and_path(tmp_path):
    assert find_variant('dense').reducer is None
    assert find_variant('naive').naive
    path = tmp_path / 'mine.py'
    path.write_text("reducer = dict(type='elip_mm.ToMeReducer')")
    mine = find_variant(f'mine={path}')
    assert mine.name == 'mine' and mine.reducer['type'].endswith('ToMeReducer')
    path.write_text('nothing = dict()')
    with pytest.raises(ValueError, match='neither `reducer` nor `model`'):
        find_variant(f'mine={path}')
    with pytest.raises(FileNotFoundError, match='no config nowhere.py'):
        find_variant('mine=nowhere.py')
    with pytest.raises(ValueError, match='one of dense, naive, .*evit'):
        find_variant('evit')


def test_whole_recipes_are_variants_too():
    dense, elip = find_variants(RECIPES)
    assert dense.name == 'albef_tiny_dense_1xb32_synthetic-scenes-64px'
    tower = Tower(img_size=None, batch_size=2)
    plain, half, full = (
        measure([make_workload_of(one, tower, keep)], rounds=0)[0]
        for one, keep in ((dense, None), (elip, 0.2), (elip, None))
    )
    assert half.flops < full.flops < plain.flops
    assert half.saved_bytes < full.saved_bytes < plain.saved_bytes
    # The recipe itself is left as it was.
    assert elip.recipe.model.vision_backbone.img_size == 64
    wide = make_workload_of(elip, replace(tower, img_size=96))
    assert wide.module.vision_backbone.img_size == (96, 96)


def test_recipes_infer_as_they_say():
    variants = find_variants(RECIPES)
    tower = Tower(img_size=None, batch_size=2)
    works = [make_workload_of(one, tower, train=False) for one in variants]
    dense, elip = measure(works, rounds=0)
    assert elip.flops == dense.flops and elip.saved_bytes == 0
    model = variants[1].recipe.model
    model.reduce_at_test = True
    model.vision_backbone.reducer.without_guidance = 'vision'
    work = make_workload_of(variants[1], tower, keep_ratio=0.3, train=False)
    assert measure([work], rounds=0)[0].flops != dense.flops


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match='different names'):
        find_variants([RECIPES[0], RECIPES[0]])
    with pytest.raises(ValueError, match='whole recipes'):
        find_variants(['dense', RECIPES[0]])


def test_scaled_stages_end_at_the_share_asked_for():
    stages = find_variant('elip_vit-12layer').reducer['stages']
    scaled = scale_keep(dict(stages=stages), 0.7)['stages']
    assert [stage['keep_ratio'] for stage in scaled] == pytest.approx(
        [0.95, 0.825, 0.7]
    )
    assert scale_keep(None, 0.7) is None
    assert scale_keep(dict(type='x'), 0.7) == dict(type='x')


def test_configs_that_ship_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(RECIPES[0]).is_file()
    (variant,) = find_variants([f'dense={RECIPES[0]}'])
    assert variant.recipe.model.vision_backbone.type.endswith('PrunedViT')
