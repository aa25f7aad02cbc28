# Copyright (c) elip_mm contributors. All rights reserved.
"""The config that imports its types and bases is the same recipe."""

import argparse

import pytest
from mmengine import Config

import elip_mm.registry as nodes
from elip_mm.launch import (
    add_common_arguments,
    load_config,
    use_mixed_precision,
)
from elip_mm.utils import register_all_modules

from ..support.golden_losses import first_losses, recipe_of
from .files import ROOT

FOLDER = ROOT / 'elip_mm' / 'configs'
RECIPE = FOLDER / 'clip/clip_tiny_elip_1xb64_synthetic_scenes_64px.py'
# Named values that only configs read, under either style.
HELPERS = {'width', 'num_heads', 'reducer', 'weights'}


def resolve(node):
    """Replace what names a type by the type itself, however deep."""
    if isinstance(node, dict):
        return {key: resolve(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [resolve(value) for value in node]
    if isinstance(node, str):
        registries = [getattr(nodes, name) for name in nodes.__all__]
        found = [registry.get(node) for registry in registries]
        return next((kind for kind in found if kind is not None), node)
    return node


def test_it_is_the_recipe_of_the_other_style():
    register_all_modules()
    lazy = resolve(dict(Config.fromfile(RECIPE).items()))
    text = resolve(dict(Config.fromfile(recipe_of('clip', 'tiny')).items()))
    kinds = (lazy['model']['type'], lazy['optim_wrapper']['optimizer']['type'])
    assert all(isinstance(kind, type) for kind in kinds)
    settings = set(Config.fromfile(RECIPE).to_dict()) - HELPERS
    assert {'model', 'train_dataloader', 'optim_wrapper'} <= settings
    for key in sorted(settings):
        assert lazy[key] == text[key], key


def test_it_trains_bit_for_bit_like_the_other_style():
    losses = first_losses(RECIPE, num_steps=2)
    assert losses == first_losses(recipe_of('clip', 'tiny'), num_steps=2)


def test_tools_switch_its_precision():
    parser = argparse.ArgumentParser()
    parser.add_argument('config')
    add_common_arguments(parser)
    args = parser.parse_args([str(RECIPE), '--amp'])
    args.amp_dtype = 'bfloat16'
    cfg = load_config(args)
    use_mixed_precision(cfg, args)
    assert cfg.optim_wrapper.type == 'elip_mm.AutocastOptimWrapper'


@pytest.mark.parametrize(
    'path', sorted(FOLDER.rglob('*.py')), ids=lambda path: path.stem
)
def test_it_mirrors_a_config_of_the_other_style(path):
    part = path.relative_to(FOLDER).with_suffix('').as_posix()
    others = (ROOT / 'configs').rglob('*.py')
    names = {
        other.relative_to(ROOT / 'configs').with_suffix('').as_posix()
        for other in others
    }
    assert part in {name.replace('-', '_') for name in names}
