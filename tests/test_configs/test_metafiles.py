# Copyright (c) elip_mm contributors. All rights reserved.
"""Every metafile tells the truth."""

from pathlib import Path

import pytest
import yaml
from mmengine import Config

from .files import (
    METAFILES,
    RECIPES,
    ROOT,
    TOWER_RECIPES,
    build_full_size,
    count_parameters,
)

MODELS = [
    model
    for path in METAFILES
    for model in yaml.safe_load(path.read_text())['Models']
]


@pytest.mark.parametrize('path', METAFILES, ids=lambda path: path.parent.name)
def test_metafile_lists_the_recipes_of_its_family(path):
    models = yaml.safe_load(path.read_text())['Models']
    listed = {ROOT / model['Config'] for model in models}
    assert listed == {
        recipe
        for recipe in RECIPES + TOWER_RECIPES
        if recipe.parent == path.parent
    }
    for model in models:
        assert model['Name'] == Path(model['Config']).stem


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_metafile_counts_parameters_right(model):
    cfg = Config.fromfile(ROOT / model['Config'])
    assert (
        count_parameters(build_full_size(cfg))
        == model['Metadata']['Parameters']
    )


def test_model_index_imports_every_family():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    assert [ROOT / name for name in index['Import']] == METAFILES
