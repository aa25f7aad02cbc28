# Copyright (c) elip_mm contributors. All rights reserved.
"""Initial weights: of BERT and a ViT, or of a whole model."""

from pathlib import Path

import pytest
import torch
from mmengine import Config
from mmengine.runner import load_state_dict

from elip_mm.registry import MODELS

from ..tiny import perturb

BASES = Path(__file__).parents[2] / 'configs/_base_/models'
both = pytest.mark.parametrize('name', ['albef', 'blip'])
LANGUAGE = dict(albef='mlm', blip='lm')


def config(name):
    return Config.fromfile(BASES / f'{name}_tiny.py').model


def old_name(key):
    """Name of a tensor in early releases of BERT."""
    key = key.replace('LayerNorm.weight', 'LayerNorm.gamma')
    return key.replace('LayerNorm.bias', 'LayerNorm.beta')


def bert_file(name, folder):
    """Random weights as bert-base-uncased holds them; two tokens fewer than
    BLIP has."""
    model = perturb(MODELS.build(config(name)))
    known = model.text_encoder.vocab_size - 2 * (name == 'blip')
    weights = {'bert.pooler.dense.weight': torch.randn(64, 64)}
    for key, value in model.text_encoder.bert.state_dict().items():
        if 'crossattention' not in key and 'position_ids' not in key:
            weights[f'bert.{key}'] = value
    for key, value in model.heads[LANGUAGE[name]].predictor.named_parameters():
        weights[f'cls.predictions.{key}'] = value.detach()
    for key in weights:
        if 'word_embeddings' in key or key == 'cls.predictions.bias':
            weights[key] = weights[key][:known].clone()
    torch.save({old_name(k): v for k, v in weights.items()}, folder / 'b.pth')
    return weights


def vit_file(folder):
    """Random weights of a ViT for images of 40 px."""
    model = perturb(MODELS.build(config('albef'))).vision_backbone
    weights = model.state_dict()
    weights['pos_embed'] = torch.randn(1, 26, 64)
    state = {f'backbone.{key}': value for key, value in weights.items()}
    torch.save(dict(state_dict=state), folder / 'v.pth')
    return weights


def pretrained(folder, file, **settings):
    path = str(folder / file)
    return dict(init_cfg=dict(type='Pretrained', checkpoint=path, **settings))


@pytest.fixture
def started(name, tmp_path):
    """A model after initialisation, and the weights it started from."""
    cfg = config(name)
    bert, vit = bert_file(name, tmp_path), vit_file(tmp_path)
    predictor = pretrained(tmp_path, 'b.pth', prefix='cls.predictions.')
    if name == 'blip':
        predictor['added_tokens'] = 2
    cfg.heads[LANGUAGE[name]].predictor = predictor
    cfg.text_encoder.update(pretrained(tmp_path, 'b.pth'))
    cfg.vision_backbone.update(
        pretrained(tmp_path, 'v.pth', prefix='backbone.')
    )
    model = MODELS.build(cfg)
    model.init_weights()
    return model, bert, vit


@both
def test_every_weight_of_bert_and_vit_arrives(started, name):
    model, bert, vit = started
    own = model.text_encoder.state_dict()
    predictor = model.heads[LANGUAGE[name]].predictor
    for key, value in predictor.named_parameters():
        own[f'cls.predictions.{key}'] = value
    for key, value in bert.items():
        if 'pooler' not in key:
            assert torch.equal(own[key][: len(value)], value), key
    tower = model.vision_backbone.state_dict()
    assert tower['pos_embed'].shape == (1, 65, 64)
    # The class token keeps its position, the others are interpolated.
    assert torch.equal(tower['pos_embed'][:, 0], vit['pos_embed'][:, 0])
    for key in vit.keys() - {'pos_embed'}:
        assert torch.equal(tower[key], vit[key]), key


@both
def test_the_twin_and_the_decoder_start_from_them_too(started, name):
    model, _, _ = started
    for copy, original in model.originals().items():
        twin = model.twin.get_submodule(copy).state_dict()
        for key, value in original.state_dict().items():
            assert torch.equal(twin[key], value), key
    if name == 'blip':
        for own, layer in zip(
            model.text_decoder.attention, model.text_encoder.bert.encoder.layer
        ):
            for ours, theirs in zip(
                own.parameters(), layer.attention.parameters()
            ):
                assert torch.equal(ours, theirs)
                assert ours.data_ptr() != theirs.data_ptr()


@both
@pytest.mark.parametrize('with_twin', [True, False])
def test_a_whole_model_loads_at_another_image_size(name, with_twin):
    source = perturb(MODELS.build(config(name))).state_dict()
    if not with_twin:
        source = {
            key: value
            for key, value in source.items()
            if not key.startswith('twin.')
        }
    cfg = config(name)
    cfg.vision_backbone.img_size = 96
    model = MODELS.build(cfg)
    load_state_dict(model, source, strict=True)
    online, twin = model.vision_backbone, model.twin.vision_backbone
    assert online.pos_embed.shape == twin.pos_embed.shape == (1, 145, 64)
    # perturb() moves each parameter by noise of its own.
    assert torch.equal(online.pos_embed, twin.pos_embed) != with_twin
    weight = 'layers.5.attn.qkv.weight'
    key = f'{"twin." if with_twin else ""}vision_backbone.{weight}'
    assert torch.equal(twin.state_dict()[weight], source[key])
    assert twin.pos_embed.data_ptr() != online.pos_embed.data_ptr()


def test_a_vocabulary_of_another_size_is_not_patched_up():
    model = MODELS.build(config('blip'))
    state = model.text_encoder.state_dict()
    words = 'bert.embeddings.word_embeddings.weight'
    state[words] = state[words][:-3]
    with pytest.raises(RuntimeError, match='size mismatch'):
        model.text_encoder.load_state_dict(state)
