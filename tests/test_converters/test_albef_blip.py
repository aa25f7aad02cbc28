# Copyright (c) elip_mm contributors. All rights reserved.
"""Published weights of ALBEF and BLIP load strictly."""

from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.converters import from_albef, from_blip
from elip_mm.registry import MODELS
from tests.support.tiny import perturb

from ..test_configs.files import build_full_size
from .published_names import published_state

CONFIGS = Path(__file__).parents[2] / 'configs'
CONVERT = dict(albef=from_albef, blip=from_blip)
both = pytest.mark.parametrize('model', sorted(CONVERT))


def build(model):
    path = CONFIGS / f'_base_/models/{model}_tiny.py'
    return perturb(MODELS.build(Config.fromfile(path).model))


@both
def test_every_tensor_finds_its_place(model):
    source, target = build(model).state_dict(), build(model)
    published = published_state(source, model)
    converted = CONVERT[model](published)
    assert converted.keys() == source.keys()
    assert all(torch.equal(converted[key], source[key]) for key in source)
    target.load_state_dict(converted, strict=True)


@both
def test_the_prefix_of_distributed_training_is_removed(model):
    published = published_state(build(model).state_dict(), model)
    wrapped = {f'module.{key}': value for key, value in published.items()}
    assert CONVERT[model](wrapped).keys() == CONVERT[model](published).keys()


@pytest.mark.parametrize(
    'model, copy',
    [
        ('albef', 'text_encoder.cls.predictions.decoder.weight'),
        ('albef', 'text_encoder_m.cls.predictions.decoder.bias'),
        ('blip', 'text_decoder.cls.predictions.decoder.weight'),
        ('blip', 'text_decoder.bert.embeddings.LayerNorm.bias'),
        (
            'blip',
            'text_decoder.bert.encoder.layer.1.crossattention.self.key.weight',
        ),
    ],
)
def test_tied_tensors_that_differ_are_refused(model, copy):
    published = published_state(build(model).state_dict(), model)
    published[copy] = published[copy] + 1
    with pytest.raises(ValueError, match=f'{copy}.* should equal'):
        CONVERT[model](published)


@both
def test_left_over_tensors_are_refused(model):
    published = published_state(build(model).state_dict(), model)
    published['text_pooler.weight'] = torch.ones(1)
    with pytest.raises(ValueError, match='match no rule: text_pooler.weight'):
        CONVERT[model](published)


@both
def test_image_numbers_of_retrieval_models_are_left_out(model):
    published = published_state(build(model).state_dict(), model)
    published['idx_queue'] = torch.full((1, 1024), -100)
    published['ptr_queue'] = published.pop('queue_ptr')
    assert 'queue.queue_ptr' in CONVERT[model](published)


def full_size(model):
    path = next((CONFIGS / model).glob('*base-p16_dense*256px.py'), None)
    path = path or next((CONFIGS / model).glob('*base-p16_dense*224px.py'))
    return build_full_size(Config.fromfile(path))


def test_full_size_names_and_shapes_are_the_published_ones():
    """Acceptance: converters."""
    state = published_state(full_size('albef').state_dict(), 'albef')
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    assert len(shapes) == 844
    assert shapes['temp'] == ()
    assert shapes['image_queue'] == shapes['text_queue'] == (256, 65536)
    assert shapes['visual_encoder.pos_embed'] == (1, 257, 768)
    assert shapes['visual_encoder_m.blocks.11.attn.qkv.weight'] == (2304, 768)
    words = 'text_encoder.bert.embeddings.word_embeddings.weight'
    assert shapes[words] == (30522, 768)
    layer = 'text_encoder.bert.encoder.layer.{}.crossattention.self.key.weight'
    assert layer.format(6) in shapes and layer.format(5) not in shapes


def test_full_size_blip_has_one_decoder_of_its_own():
    state = published_state(full_size('blip').state_dict(), 'blip')
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    assert shapes['visual_encoder.pos_embed'] == (1, 197, 768)
    assert shapes['image_queue'] == (256, 57600)
    words = 'text_encoder.embeddings.word_embeddings.weight'
    assert shapes[words] == (30524, 768)
    assert not any('token_type' in key for key in shapes)
    layer = 'layer.0.crossattention.self.key.weight'
    assert f'text_encoder.encoder.{layer}' in shapes
    assert f'text_decoder.bert.encoder.{layer}' in shapes
