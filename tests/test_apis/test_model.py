# Copyright (c) elip_mm contributors. All rights reserved.
"""Models come from their configs by one builder."""

import copy
import pickle
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import PretrainedInit
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.models.backbones import VisionTransformer

import elip_mm
from elip_mm.adapters import find_attachment
from elip_mm.apis import build_model, init_model
from elip_mm.apis.offline import without_downloads
from elip_mm.models.tokenizers import StandInTokenizer
from elip_mm.utils.resources import find_resource
from tests.test_adapters.zoo import ELIP, model_config

CLIP = find_resource(
    'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
)
ROBERTA = find_resource(
    'configs/meter/meter_vit-base-p16-roberta_elip_8xb32-accum16-100k_'
    'coco-vg-cc-sbu-288px.py'
)


def same_weights(one, other):
    states = one.state_dict(), other.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(value, states[1][key]) for key, value in states[0].items()
    )


@pytest.fixture
def checkpoint(tmp_path):
    """Weights that no seed gives."""
    model = build_model(Config.fromfile(CLIP))
    for parameter in model.parameters():
        parameter.data.add_(1)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'last.pth')
    return tmp_path / 'last.pth', model


def test_the_model_is_the_one_that_a_runner_starts_with(tmp_path):
    cfg = Config.fromfile(CLIP)
    cfg.work_dir, cfg.log_level = str(tmp_path), 'ERROR'
    runner = Runner.from_cfg(copy.deepcopy(cfg))
    runner._init_model_weights()
    before = torch.get_rng_state()
    model = build_model(cfg)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training
    preprocessor = model.data_preprocessor
    assert torch.equal(preprocessor.mean, runner.model.data_preprocessor.mean)
    assert same_weights(model, build_model(cfg))
    assert model.state_dict().keys() == runner.model.state_dict().keys()
    cfg.randomness.seed = 1
    assert not same_weights(model, build_model(cfg))


def test_a_preprocessor_of_the_model_itself_comes_first():
    cfg = Config.fromfile(CLIP)
    own = dict(type='mmpretrain.MultiModalDataPreprocessor', mean=[7.0] * 3)
    cfg.model.data_preprocessor = dict(own, std=[1.0] * 3)
    model = build_model(cfg, initialize=False)
    assert model.data_preprocessor.mean.flatten().tolist() == [7.0] * 3


def test_the_scope_of_the_config_counts_and_the_config_stays(tmp_path):
    cfg = Config(
        dict(
            default_scope='mmpretrain',
            model=model_config('ImageClassifier', tmp_path),
        )
    )
    cfg.model.backbone.type = 'VisionTransformer'
    before = copy.deepcopy(cfg.to_dict())
    with DefaultScope.overwrite_default_scope('mmengine'):
        model = build_model(cfg)
    assert type(model.backbone) is VisionTransformer
    assert cfg.to_dict() == before


@pytest.mark.parametrize('by_context', [True, False])
def test_full_size_models_need_no_memory_and_no_files(by_context):
    cfg = Config.fromfile(ROBERTA)
    if by_context:
        with torch.device('meta'):
            model = build_model(cfg, offline=True)
    else:
        model = build_model(cfg, offline=True, device='meta')
    assert all(parameter.is_meta for parameter in model.parameters())
    assert isinstance(model.tokenizer, StandInTokenizer)
    # RoBERTa pads with another id than BERT, and knows more words.
    assert model.tokenizer.pad_id == model.text_encoder.pad_id == 1
    assert model.tokenizer.vocab_size == 50265
    assert model.text_encoder.pretrained is None


def test_configs_of_the_lazy_style_give_the_same_model():
    folder = Path(elip_mm.__file__).parent / 'configs/clip'
    name = 'clip_tiny_elip_1xb64_synthetic_scenes_64px.py'
    lazy = Config.fromfile(folder / name)
    assert same_weights(build_model(lazy), build_model(Config.fromfile(CLIP)))


def test_only_downloads_are_left_out():
    model = dict(
        backbone=dict(
            pretrained='somewhere',
            init_cfg=dict(type='Pretrained', checkpoint='elsewhere'),
        ),
        parts=[dict(init_cfg=dict(type='TruncNormal', std=0.02))],
        head=dict(init_cfg=[dict(type='mmengine.Pretrained')]),
        neck=dict(init_cfg=dict(type=PretrainedInit)),
    )
    before = copy.deepcopy(model)
    assert without_downloads(model) == dict(
        backbone={}, parts=model['parts'], head={}, neck={}
    )
    assert model == before


def test_what_is_no_recipe_is_named():
    with pytest.raises(ValueError, match=r"no `model`, only \['reducer'\]"):
        build_model(Config(dict(reducer=ELIP)))
    with pytest.raises(ValueError, match='needs a recipe of a pre-trainer'):
        build_model(Config(dict(model=dict(type='X'))), offline=True)


def test_init_model_loads_every_weight(checkpoint):
    path, trained = checkpoint
    model = init_model(str(CLIP), path, cfg_options={'work_dir': 'here'})
    assert same_weights(model, trained) and not model.training
    assert model.cfg.work_dir == 'here'
    assert model.cfg.model.type == 'elip_mm.CLIPPretrainer'
    with pytest.raises(ValueError, match='does not fit the model'):
        init_model(
            CLIP, path, cfg_options={'model.vision_neck.out_channels': 5}
        )
    torch.save(dict(state_dict=dict(logit_scale=torch.ones(()))), path)
    with pytest.raises(ValueError, match='missing in the file'):
        init_model(CLIP, path)
    torch.save(dict(state_dict={}), path)
    with pytest.raises(ValueError, match='holds no weights'):
        init_model(CLIP, path)


class Bomb:
    """What a file may not be able to call."""

    def __reduce__(self):
        return print, ('boom',)


def test_init_model_runs_nothing_from_a_file(tmp_path, capsys):
    torch.save(dict(state_dict={}, bomb=Bomb()), tmp_path / 'bad.pth')
    with pytest.raises(ValueError, match='more than tensors and plain data'):
        init_model(CLIP, tmp_path / 'bad.pth')
    assert pickle.loads(pickle.dumps(Bomb())) is None  # this would have
    assert capsys.readouterr().out == 'boom\n'


def test_weights_may_have_an_address(checkpoint, monkeypatch, tmp_path):
    path, trained = checkpoint
    fetched = []

    def fetch(url, to):
        fetched.append(url)
        torch.save(torch.load(path, weights_only=True), to)

    monkeypatch.setattr(torch.hub, 'download_url_to_file', fetch)
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    model = init_model(CLIP, 'https://example.org/some/last.pth')
    assert fetched == ['https://example.org/some/last.pth']
    assert same_weights(model, trained)


def test_a_reducer_in_the_hooks_is_attached(tmp_path):
    for name, during in (('BlipVQA', ('loss',)), ('CLIP', ('predict',))):
        hook = dict(type='elip_mm.ELIPPruningHook', reducer=ELIP, priority=50)
        cfg = Config(
            dict(
                default_scope='mmpretrain',
                model=model_config(name, tmp_path),
                custom_hooks=[dict(type='EMAHook'), hook],
            )
        )
        model = init_model(cfg)
        assert find_attachment(model).during == during
        assert cfg.custom_hooks[1] == hook
        cfg.pop('custom_hooks')
        assert find_attachment(init_model(cfg)) is None


def test_unfit_configs_are_named():
    with pytest.raises(
        FileNotFoundError, match='no config file brew.py.*get_'
    ):
        init_model('brew.py')
    with pytest.raises(TypeError, match='but got a dict'):
        init_model(dict(model={}))
