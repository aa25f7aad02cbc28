# Copyright (c) elip_mm contributors. All rights reserved.
"""What the model spares from decay, under any schedule; plain groups."""

from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.optim import build_optim_wrapper
from torch import nn

from elip_mm.utils import register_all_modules
from tests.support.tiny import tiny_clip
from tests.support.tiny_momentum import tiny_pretrainer

SCHEDULES = Path(__file__).parents[3] / 'configs/_base_/schedules'
ADAMW = dict(type='AdamW', lr=1e-3, weight_decay=0.1)


@pytest.fixture(autouse=True)
def scope():
    register_all_modules()


def decays(model, **settings):
    """Weight decay by name, under an ``optim_wrapper`` of a config."""
    settings.setdefault('optimizer', ADAMW)
    wrapper = build_optim_wrapper(model, ConfigDict(settings))
    found = {
        id(parameter): group['weight_decay']
        for group in wrapper.optimizer.param_groups
        for parameter in group['params']
    }
    return {
        name: found[id(p)]
        for name, p in model.named_parameters()
        if id(p) in found
    }


def siglip():
    heads = dict(sigmoid=dict(type='elip_mm.SigmoidHead'))
    return tiny_clip(type='elip_mm.SigLIPPretrainer', heads=heads)


FAMILIES = dict(
    clip=(tiny_clip, {'heads.contrastive.logit_scale'}),
    siglip=(siglip, {f'heads.sigmoid.logit_{x}' for x in ('scale', 'bias')}),
    albef=(lambda: tiny_pretrainer('albef'), {'temp'}),
    blip=(lambda: tiny_pretrainer('blip'), {'temp'}),
)
SETTINGS = dict(
    none={},
    norms=dict(paramwise_cfg=dict(norm_decay_mult=0.0)),
    keys=dict(paramwise_cfg=dict(custom_keys=dict(temp=dict(lr_mult=0.5)))),
    custom=dict(
        constructor='elip_mm.CustomKeysOptimWrapperConstructor',
        paramwise_cfg=dict(flat_decay_mult=1.0),
    ),
    layers=dict(
        constructor='LearningRateDecayOptimWrapperConstructor',
        paramwise_cfg=dict(layer_decay_rate=0.9, bypass_duplicate=True),
    ),
)


@pytest.mark.parametrize(
    'family, setting',
    [(family, 'none') for family in FAMILIES]
    + [('siglip', name) for name in ('norms', 'custom', 'layers')]
    + [('blip', 'keys')],
)
def test_scales_and_biases_of_logits_never_decay(family, setting):
    build, spared = FAMILIES[family]
    model = build()
    assert model.no_weight_decay() == spared
    found = decays(model, **SETTINGS[setting])
    assert {found[name] for name in spared} == {0.0}
    assert found['vision_backbone.layers.0.attn.qkv.weight'] == 0.1
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert set(found) == trained


def test_siglip_can_use_clips_schedule():
    cfg = Config.fromfile(SCHEDULES / 'clip_adamw-cosine_32e.py')
    found = decays(siglip(), **cfg.optim_wrapper)
    assert found['heads.sigmoid.logit_bias'] == 0.0
    assert found['heads.sigmoid.logit_scale'] == 0.0
    assert found['text_encoder.pos_embed'] == 0.1


def test_a_custom_key_that_names_the_decay_wins():
    keys = {'logit_bias': dict(decay_mult=0.5), 'sigmoid': dict(lr_mult=2.0)}
    found = decays(siglip(), paramwise_cfg=dict(custom_keys=keys))
    assert found['heads.sigmoid.logit_bias'] == pytest.approx(0.05)
    assert found['heads.sigmoid.logit_scale'] == 0.0


def test_names_of_a_model_that_are_not_there_do_no_harm():
    layer = nn.Linear(2, 2)
    layer.no_weight_decay = lambda: {'bias', 'dist_token'}
    assert decays(layer) == dict(weight=0.1, bias=0.0)


def test_groups_are_plain_dictionaries():
    """Of mmengine's ``ConfigDict``, a compiler cannot trace the optimiser."""
    cfg = Config.fromfile(SCHEDULES / 'clip_adamw-cosine_32e.py')
    wrapper = build_optim_wrapper(nn.Linear(3, 3), cfg.optim_wrapper)
    assert {type(g) for g in wrapper.optimizer.param_groups} == {dict}
