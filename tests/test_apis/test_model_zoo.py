# Copyright (c) elip_mm contributors. All rights reserved.
"""Models are found by the names in the metafiles."""

import mmpretrain
import pytest
import torch
import yaml

from elip_mm.apis import get_model, list_models, model_zoo
from elip_mm.utils.resources import find_resource

TINY = 'clip_tiny_elip_1xb64_synthetic-scenes-64px'
INDEX = find_resource('model-index.yml')


@pytest.fixture
def published(monkeypatch, tmp_path):
    """A zoo of two models, one of which has weights."""
    model = get_model(TINY)
    for parameter in model.parameters():
        parameter.data.add_(1)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'last.pth')
    config = str(INDEX.parent / 'configs/clip' / f'{TINY}.py')
    entry = {'Name': 'bare', 'Config': config, 'Metadata': {}}
    rich = dict(entry, Name='rich', Weights=str(tmp_path / 'last.pth'))
    index = tmp_path / 'model-index.yml'
    index.write_text(yaml.safe_dump(dict(Models=[entry, rich])))
    monkeypatch.setattr(model_zoo, 'find_resource', lambda name: index)
    model_zoo._models.cache_clear()
    yield model
    model_zoo._models.cache_clear()
    for name in ('bare', 'rich'):
        mmpretrain.apis.ModelHub._models_dict.pop(name, None)


def test_the_names_are_those_of_the_metafiles():
    names = [
        model['Name']
        for path in yaml.safe_load(INDEX.read_text())['Import']
        for model in yaml.safe_load((INDEX.parent / path).read_text())[
            'Models'
        ]
    ]
    assert list_models() == sorted(names)
    assert list_models('clip*elip') == sorted(
        name for name in names if name.startswith('clip') and 'elip' in name
    )
    assert list_models('resnet') == []


def test_mmpretrain_knows_them_too():
    ours = list_models('clip*elip')
    assert set(ours) <= set(mmpretrain.list_models('clip*elip*'))
    assert type(mmpretrain.get_model(TINY)) is type(get_model(TINY))


def test_a_model_comes_by_its_name_with_changes():
    model = get_model(TINY.upper(), vision_neck=dict(out_channels=8))
    assert model.vision_neck.out_channels == 8 and not model.training
    assert model.cfg.model.vision_neck.out_channels == 8
    assert get_model(TINY).vision_neck.out_channels != 8


def test_published_weights_are_loaded(published, tmp_path):
    for name, weights in (('rich', True), ('bare', tmp_path / 'last.pth')):
        model = get_model(name, pretrained=weights)
        for key, value in published.state_dict().items():
            assert torch.equal(model.state_dict()[key], value)


def test_a_model_without_weights_says_which_have_some(published):
    with pytest.raises(ValueError, match='bare has no .* weights are rich'):
        get_model('bare', pretrained=True)


def test_models_that_have_weights_are_named():
    with pytest.raises(ValueError, match='models with weights are bert-tiny'):
        get_model(TINY, pretrained=True)


def test_an_unknown_name_gets_a_guess():
    with pytest.raises(ValueError, match='did you mean .*clip_tiny_elip_1x'):
        get_model('clip_tiny_elip_1xb64')
    with pytest.raises(ValueError, match='no model .zzz.; .* all names.$'):
        get_model('zzz')
