# Copyright (c) elip_mm contributors. All rights reserved.
"""Without a reducer it is mmpretrain's tower, whatever the parent is told."""

import copy

import pytest
import torch
from mmpretrain.models import VisionTransformer

from elip_mm.models.backbones import PrunedViT
from tests.support.tiny import perturb, seeded

DEFAULTS = dict(
    arch=dict(
        embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32
    ),
    img_size=32,
    patch_size=8,
)
NO_CLS = dict(with_cls_token=False)
OTHER_SIZE = (2, 3, 48, 32)
DROPS = dict(drop_rate=0.2, drop_path_rate=0.4)
# What the parent is told, and the shape of the images.
OPTIONS = {
    'defaults': (dict(), None),
    'raw': (dict(out_type='raw'), None),
    'featmap': (dict(out_type='featmap'), None),
    'avg_featmap': (dict(out_type='avg_featmap'), None),
    'no-cls-raw': (dict(NO_CLS, out_type='raw'), None),
    'no-cls-featmap': (dict(NO_CLS, out_type='featmap'), OTHER_SIZE),
    'no-cls-average': (dict(NO_CLS, out_type='avg_featmap'), None),
    'pre_norm': (dict(pre_norm=True), None),
    'no-final-norm': (dict(final_norm=False, out_type='featmap'), None),
    'layer-scale': (dict(layer_scale_init_value=0.1), None),
    'no-qkv-bias': (dict(qkv_bias=False), None),
    'drops': (dict(DROPS, layer_cfgs=dict(attn_drop_rate=0.3)), None),
    'bicubic': (dict(), OTHER_SIZE),
    'bilinear': (dict(interpolate_mode='bilinear'), OTHER_SIZE),
    'not-square': (dict(img_size=(48, 32)), OTHER_SIZE),
    'grey': (dict(in_channels=1), (2, 1, 32, 32)),
    'overlap': (dict(patch_cfg=dict(stride=4), out_type='featmap'), None),
    'patch-norm': (dict(patch_cfg=dict(norm_cfg=dict(type='LN'))), None),
    'norm': (dict(norm_cfg=dict(type='LN', eps=0.1)), None),
    'activation': (
        dict(layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU'))),
        None,
    ),
    'layers-differ': (
        dict(layer_cfgs=[dict(qkv_bias=flag) for flag in (1, 0, 1)]),
        None,
    ),
    'one-before-last': (dict(out_indices=-2), None),
    'several': (dict(out_indices=[0, -1], out_type='featmap'), None),
    # The parent gives them in the order of the layers, each once.
    'any-order': (dict(out_indices=[2, 0, 2], out_type='avg_featmap'), None),
    # It accepts this index, after which nothing comes.
    'past-the-end': (dict(out_indices=[1, 3]), None),
    'frozen': (dict(DROPS, frozen_stages=2, pre_norm=True), None),
    'all-frozen': (
        dict(DROPS, frozen_stages=3, out_type='avg_featmap'),
        None,
    ),
}


def pair(options, **own):
    """The parent and ours, with the same weights."""
    # Each writes into the list of out_indices that it gets.
    settings = copy.deepcopy({**DEFAULTS, **options})
    with seeded():
        plain = perturb(VisionTransformer(**settings))
    ours = PrunedViT(**copy.deepcopy({**DEFAULTS, **options}), **own)
    ours.load_state_dict(plain.state_dict(), strict=True)
    return plain, ours


def outcome(vit, images):
    """Outputs and gradients, drawing the same numbers each time."""
    vit.zero_grad()
    images = images.clone().requires_grad_()
    with seeded(1):
        outs = vit(images)
        sum(out.square().sum() for out in outs).backward()
    return outs, [images.grad, *(p.grad for p in vit.parameters())]


def check_same(found, expected):
    """Bit for bit; what has no gradient has none in both.

    With several outputs gradients are added in another order.
    """
    (outs, gradients), (plain_outs, plain_gradients) = found, expected
    assert len(outs) == len(plain_outs) > 0
    assert all(map(torch.equal, outs, plain_outs))
    for one, other in zip(gradients, plain_gradients):
        assert (one is None) == (other is None)
        if one is not None and len(outs) > 1:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
        elif one is not None:
            assert torch.equal(one, other)


@pytest.mark.parametrize('with_cp', [False, True], ids=['stored', 'with_cp'])
@pytest.mark.parametrize('name', OPTIONS)
def test_outputs_and_gradients_are_the_parents(name, with_cp):
    options, shape = OPTIONS[name]
    plain, ours = pair(options, with_cp=with_cp)
    images = torch.randn(shape or (2, 3, 32, 32))
    for training in (True, False):
        plain.train(training)
        ours.train(training)
        check_same(outcome(ours, images), outcome(plain, images))


@pytest.mark.parametrize('frozen', [-1, 0, 1, 3])
def test_what_is_frozen_and_in_which_mode(frozen):
    """As in the parent, where a later ``train()`` rouses all dropouts."""
    options = dict(DROPS, frozen_stages=frozen, out_type='avg_featmap')
    plain, ours = pair(options)

    def flags(vit):
        modes = {name: part.training for name, part in vit.named_modules()}
        modes.pop('reducer', None)
        return modes, {n: p.requires_grad for n, p in vit.named_parameters()}

    assert flags(ours) == flags(plain)
    layers = [layer.training for layer in ours.layers]
    assert layers == [index >= frozen for index in range(3)]
    for training in (True, False, True):
        plain.train(training)
        ours.train(training)
        assert flags(ours) == flags(plain)


def test_registers_are_frozen_with_the_embedding():
    for frozen in (0, 1):
        vit = PrunedViT(**DEFAULTS, num_registers=2, frozen_stages=frozen)
        vit(torch.randn(1, 3, 32, 32))[0].sum().backward()
        for name in ('cls_token', 'pos_embed', 'registers'):
            assert (vit.get_parameter(name).grad is None) == bool(frozen)
        assert vit.layers[1].ln1.weight.grad is not None


def test_a_frozen_tower_reduces_by_layers_that_are_frozen():
    """Stages in frozen and in trained layers; the rest has gradients."""
    reducer = dict(
        type='elip_mm.ELIPReducer',
        without_guidance='vision',
        stages=[
            dict(layer=0, look_ahead=1, keep_ratio=0.75),
            dict(layer=2, look_ahead=1, keep_ratio=0.5),
        ],
    )
    vit = PrunedViT(**DEFAULTS, reducer=reducer, frozen_stages=1).train()
    state = vit.encode(torch.randn(2, 3, 32, 32))
    assert state.tokens.shape[1] < 17
    state.tokens.sum().backward()
    for name, parameter in vit.named_parameters():
        trained = name.startswith(('layers.1', 'layers.2', 'ln1'))
        assert (parameter.grad is not None) == trained, name
