# Copyright (c) elip_mm contributors. All rights reserved.
"""Every recipe is alive, and every metafile tells the truth."""

from pathlib import Path

import pytest
import torch
import yaml
from mmengine import Config
from mmengine.dataset import default_collate

import elip_mm.registry as nodes
from elip_mm.apis import build_model
from elip_mm.registry import DATASETS
from elip_mm.utils import register_all_modules

ROOT = Path(__file__).parents[1]
RECIPES = sorted(
    path
    for path in (ROOT / 'configs').glob('*/*.py')
    if path.parent.name != '_base_'
)
TINY = [path for path in RECIPES if '_tiny_' in path.name]
PAIRS = [
    (path, path.with_name(path.name.replace('_elip_', '_dense_')))
    for path in RECIPES
    if '_elip_' in path.name
]
METAFILES = sorted((ROOT / 'configs').glob('*/metafile.yml'))


def name(path):
    return path.stem if isinstance(path, Path) else path[0].stem


def build_full_size(cfg):
    """Build a model of any size without memory or vocabulary files."""
    return build_model(cfg, offline=True, initialize=False, device='meta')


def count_parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


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


@pytest.mark.parametrize('path', RECIPES, ids=name)
def test_recipe_builds_in_full_size(path):
    assert count_parameters(build_full_size(Config.fromfile(path))) > 0


@pytest.mark.parametrize('path', RECIPES, ids=name)
def test_our_types_carry_their_prefix(path):
    register_all_modules()
    ours = set()
    for node_name in nodes.__all__:
        ours.update(getattr(nodes, node_name).module_dict)
    used = set(types_in(Config.fromfile(path).to_dict()))
    assert not used & ours


@pytest.mark.parametrize('path', TINY, ids=name)
def test_tiny_recipe_makes_a_step(path):
    register_all_modules()
    cfg = Config.fromfile(path)
    model = build_model(cfg, initialize=False)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    batch = default_collate([dataset[index] for index in range(4)])
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    total = sum(value for key, value in losses.items() if 'loss' in key)
    total.backward()
    assert torch.isfinite(total), losses


@pytest.mark.parametrize('pair', PAIRS, ids=name)
def test_elip_recipe_is_the_dense_one_with_a_reducer(pair):
    elip, dense = (Config.fromfile(path).to_dict() for path in pair)
    assert elip['model']['vision_backbone'].pop('reducer') == elip.pop(
        'reducer'
    )
    assert elip == dense


@pytest.mark.parametrize('path', METAFILES, ids=lambda path: path.parent.name)
def test_metafile_lists_the_recipes_of_its_family(path):
    models = yaml.safe_load(path.read_text())['Models']
    listed = {ROOT / model['Config'] for model in models}
    assert listed == {
        recipe for recipe in RECIPES if recipe.parent == path.parent
    }
    for model in models:
        assert model['Name'] == Path(model['Config']).stem
        assert (ROOT / model['Config']).is_file()


@pytest.mark.parametrize(
    'model',
    [
        model
        for path in METAFILES
        for model in yaml.safe_load(path.read_text())['Models']
    ],
    ids=lambda model: model['Name'],
)
def test_metafile_counts_parameters_right(model):
    cfg = Config.fromfile(ROOT / model['Config'])
    assert (
        count_parameters(build_full_size(cfg))
        == model['Metadata']['Parameters']
    )


def test_model_index_imports_every_family():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    assert [ROOT / name for name in index['Import']] == METAFILES
