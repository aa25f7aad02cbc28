# Copyright (c) elip_mm contributors. All rights reserved.
"""Names follow the rule of configs/README.md, and say what is inside."""

import re

import pytest
from mmengine import Config

from .files import (
    BASES,
    CONFIGS,
    FAMILIES,
    RECIPES,
    TOWER_RECIPES,
    label,
)

WORD = r'[a-z0-9]+(?:-[a-z0-9]+)*'
RULE = re.compile(
    rf'(?P<family>[a-z0-9]+)_(?P<tower>{WORD})_(?P<reducer>{WORD})'
    rf'_\d+xb(?P<batch>\d+)(?P<schedule>(?:-[a-z0-9]+)*)'
    rf'_(?P<data>{WORD})-(?P<size>\d+)px'
)
TOWER_RULE = re.compile(
    rf'(?P<tower>[a-z0-9]+-{WORD})_(?P<task>dense-labels|mlm)'
    rf'_1xb(?P<batch>\d+)-(?P<thousands>\d+)k_synthetic-scenes(?:-\d+px)?'
)


@pytest.mark.parametrize('path', TOWER_RECIPES, ids=label)
def test_recipe_of_a_tower_is_what_its_name_says(path):
    name = TOWER_RULE.fullmatch(path.stem)
    assert name, 'see configs/README.md'
    cfg = Config.fromfile(path)
    assert path.stem.startswith(f'{path.parent.name}-')
    batch, steps = int(name['batch']), 1000 * int(name['thousands'])
    assert batch == cfg.train_dataloader.batch_size
    assert steps == cfg.param_scheduler.total_steps
    scenes = [d.num_scenes for d in cfg.train_dataloader.dataset.datasets]
    # One epoch has all of its steps.
    assert sum(scenes) == steps * batch and cfg.train_cfg.max_epochs == 1


@pytest.mark.parametrize('path', RECIPES, ids=label)
def test_recipe_is_what_its_name_says(path):
    name = RULE.fullmatch(path.stem)
    assert name, 'see configs/README.md'
    cfg = Config.fromfile(path)
    backbone = cfg.model.vision_backbone
    assert name['family'] == path.parent.name
    assert (CONFIGS / f'_base_/models/{name[1]}_{name["tower"]}.py').is_file()
    assert (name['reducer'] == 'dense') == ('reducer' not in backbone)
    assert int(name['batch']) == cfg.train_dataloader.batch_size
    assert int(name['size']) == backbone.img_size
    epochs = re.search(r'-(\d+)e$', name['schedule'])
    if epochs:
        assert int(epochs[1]) == cfg.train_cfg.max_epochs


@pytest.mark.parametrize('path', BASES, ids=label)
def test_the_family_comes_first_in_the_name_of_a_base(path):
    parts = re.split('[-_]', path.stem)
    assert not set(parts[1:]) & set(FAMILIES)
    kinds = ['towers', 'models', 'reducers', 'datasets', 'schedules', '_base_']
    assert path.parent.name in kinds


@pytest.mark.parametrize('path', BASES, ids=label)
def test_base_can_be_read_alone(path):
    assert Config.fromfile(path)
