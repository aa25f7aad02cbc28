# Copyright (c) elip_mm contributors. All rights reserved.
"""Every recipe is alive."""

import pytest
import torch
from mmengine import Config
from mmengine.dataset import default_collate

import elip_mm.registry as nodes
from elip_mm.launch.config_check import find_mistakes
from elip_mm.registry import DATASETS, MODELS
from elip_mm.utils import register_all_modules

from .files import (
    RECIPES,
    TOWER_RECIPES,
    build_full_size,
    count_parameters,
    label,
)

# Those on photographs need a folder that nobody has to have.
TINY = [
    path
    for path in RECIPES
    if '_tiny' in path.name and 'synthetic-scenes' in path.name
]
ELIP = [path for path in RECIPES if '_elip_' in path.name]


def types_in(node):
    """All values of ``type`` in a config, however deep."""
    if isinstance(node, dict):
        if isinstance(node.get('type'), str):
            yield node['type']
        for value in node.values():
            yield from types_in(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from types_in(value)


@pytest.mark.parametrize('path', RECIPES, ids=label)
def test_recipe_builds_in_full_size(path):
    assert count_parameters(build_full_size(Config.fromfile(path))) > 0


@pytest.mark.parametrize('path', RECIPES + TOWER_RECIPES, ids=label)
def test_no_key_is_misspelt_and_our_types_carry_their_prefix(path):
    register_all_modules()
    cfg = Config.fromfile(path)
    assert not find_mistakes(cfg)
    ours = set()
    for node_name in nodes.__all__:
        ours.update(getattr(nodes, node_name).module_dict)
    # mmengine's own name, which in our models means ours.
    used = set(types_in(cfg.to_dict())) - {'Pretrained'}
    assert not used & ours


@pytest.mark.parametrize('path', TINY + TOWER_RECIPES, ids=label)
def test_tiny_recipe_makes_a_step(path):
    register_all_modules()
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    batch = default_collate([dataset[index] for index in range(4)])
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    total = sum(value for key, value in losses.items() if 'loss' in key)
    total.backward()
    assert torch.isfinite(total), losses


@pytest.mark.parametrize('path', ELIP, ids=label)
def test_elip_recipe_is_the_dense_one_with_a_reducer(path):
    elip = Config.fromfile(path).to_dict()
    dense = Config.fromfile(
        path.with_name(path.name.replace('_elip_', '_dense_'))
    ).to_dict()
    reducer = elip['model']['vision_backbone'].pop('reducer')
    assert reducer == elip.pop('reducer')
    assert elip == dense
