# Copyright (c) elip_mm contributors. All rights reserved.
"""Attached models are copied and pickled, and recomputation is noticed."""

import copy
import io
import pickle

import pytest
import torch
from mmengine.runner.activation_checkpointing import (
    turn_on_activation_checkpointing,
)
from mmpretrain.models.backbones import VisionTransformer
from torch import nn
from torch.utils.checkpoint import checkpoint

from elip_mm.adapters import (
    attach_reducer,
    detach_reducer,
    find_attachment,
)

from .test_attach import lengths
from .zoo import ELIP, ELIP_TOKENS, TOWERS, build, load_batch

EVERY = pytest.mark.parametrize('name', sorted(TOWERS))


def attached(name, folder):
    mode = 'predict' if name == 'CLIP' else 'loss'
    return attach_reducer(build(name, folder), ELIP, during=(mode,)), mode


def check_copy(other, model, name, mode):
    """It reduces by itself, and can be detached without the original."""
    batch = load_batch(model, name)
    assert type(other) is type(model) and other is not model
    assert lengths(other, batch, mode) == ELIP_TOKENS
    detach_reducer(other)
    assert type(other) is not type(model)
    assert type(other.get_submodule(TOWERS[name])) is VisionTransformer
    assert lengths(model, batch, mode) == ELIP_TOKENS


@EVERY
def test_attached_models_can_be_copied(name, tmp_path):
    model, mode = attached(name, tmp_path)
    check_copy(copy.deepcopy(model), model, name, mode)


# mmpretrain's CLIP holds a lambda, which no pickle takes, and tokenizers
# are no longer written by the oldest protocol.
@pytest.mark.parametrize(
    'name, protocol',
    [(name, 2) for name in sorted(set(TOWERS) - {'CLIP'})]
    + [('ImageClassifier', 0), ('BlipVQA', pickle.HIGHEST_PROTOCOL)],
)
def test_attached_models_can_be_pickled(name, protocol, tmp_path):
    model, mode = attached(name, tmp_path)
    other = pickle.loads(pickle.dumps(model, protocol))
    for key, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[key], value)
    check_copy(other, model, name, mode)


def test_torch_saves_them_too(tmp_path):
    model, mode = attached('BlipVQA', tmp_path)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    other = torch.load(file, weights_only=False)
    check_copy(other, model, 'BlipVQA', mode)


def test_a_copy_before_or_after_is_plain(tmp_path):
    model, _ = attached('BlipVQA', tmp_path)
    detach_reducer(model)
    other = pickle.loads(pickle.dumps(model))
    assert type(other) is type(model) and find_attachment(other) is None


class Willful(nn.Module):
    """A model with a way of its own of being pickled."""

    def __init__(self, tower):
        super().__init__()
        self.eye = tower

    def loss(self, inputs, data_samples=None):
        return dict(loss=self.eye(inputs)[0].sum())

    def __reduce__(self):
        return Willful, (self.eye,)


def test_what_cannot_be_pickled_says_why(tmp_path):
    model = Willful(build('BlipCaption', tmp_path).visual_encoder)
    attach_reducer(model, ELIP, guidance='none')
    with pytest.raises(pickle.PicklingError, match='detach_reducer'):
        pickle.dumps(model)


class Thrifty(nn.Module):
    """A model that recomputes its whole tower in the backward pass."""

    def __init__(self, tower, reentrant):
        super().__init__()
        self.eye = tower
        self.reentrant = reentrant

    def loss(self, inputs, data_samples=None):
        tokens = checkpoint(self.eye, inputs, use_reentrant=self.reentrant)
        return dict(loss=tokens[0].square().mean())

    def predict(self, inputs, data_samples=None):
        return self.eye(inputs)[0]


@pytest.mark.parametrize('out_type', ['raw', 'cls_token'])
@pytest.mark.parametrize('reentrant', [True, False])
def test_a_recomputed_tower_is_refused(reentrant, out_type, tmp_path):
    tower = build('BlipCaption', tmp_path).visual_encoder
    tower.out_type = out_type
    model = Thrifty(tower, reentrant)
    attach_reducer(model, ELIP, guidance='none')
    images = torch.randn(2, 3, 48, 48, requires_grad=True)
    loss = model.loss(images)['loss']
    with pytest.raises(RuntimeError, match='set with_cp=True'):
        loss.backward()


@pytest.mark.parametrize('reentrant', [True, False])
def test_a_recomputed_tower_that_was_not_reduced_is_not(reentrant, tmp_path):
    model = Thrifty(build('BlipCaption', tmp_path).visual_encoder, reentrant)
    images = torch.randn(2, 3, 48, 48, requires_grad=True)
    model.loss(images)['loss'].backward()
    plain, images.grad = images.grad, None
    attach_reducer(model, ELIP, during=('predict',), guidance='none')
    assert model.predict(images).shape[1] == ELIP_TOKENS[-1]
    model.loss(images)['loss'].backward()
    assert torch.equal(images.grad, plain)


def test_a_recomputed_loss_is_reduced_again(tmp_path):
    model, _ = attached('BlipVQA', tmp_path)
    batch = load_batch(model.eval(), 'BlipVQA')
    samples, found = batch['data_samples'], []
    for recompute in (False, True):
        images = batch['images'].clone().requires_grad_()
        if recompute:
            loss = checkpoint(model.loss, images, samples, use_reentrant=False)
        else:
            loss = model.loss(images, samples)
        sum(v for k, v in loss.items() if 'loss' in k).backward()
        found.append(images.grad)
    torch.testing.assert_close(*found)


def test_features_recomputed_outside_of_the_loss_are_refused(tmp_path):
    model, _ = attached('ImageClassifier', tmp_path)
    images = torch.randn(2, 3, 48, 48, requires_grad=True)
    feature = checkpoint(model.extract_feat, images, use_reentrant=False)
    with pytest.raises(RuntimeError, match='a part of ImageClassifier'):
        feature[0].sum().backward()


@pytest.mark.parametrize('before', [True, False])
def test_checkpointing_by_the_config_is_refused(before, tmp_path):
    model = build('BlipVQA', tmp_path)
    batch = load_batch(model, 'BlipVQA')
    batch['images'].requires_grad_()  # or the reentrant kind has no gradient
    if before:
        turn_on_activation_checkpointing(model, ['vision_backbone'])
        with pytest.raises(ValueError, match='forward that was replaced'):
            attach_reducer(model, ELIP)
        return
    attach_reducer(model, ELIP)
    turn_on_activation_checkpointing(model, ['vision_backbone'])
    losses = model(**batch, mode='loss')
    with pytest.raises(RuntimeError, match='activation checkpointing'):
        sum(v for k, v in losses.items() if 'loss' in k).backward()


def test_recomputing_layer_by_layer_gives_the_same_gradients(tmp_path):
    found = []
    for with_cp in (False, True):
        model = attach_reducer(
            build('BlipVQA', tmp_path).eval(), ELIP, with_cp=with_cp
        )
        losses = model(**load_batch(model, 'BlipVQA'), mode='loss')
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        tower = model.vision_backbone
        found.append([p.grad for p in tower.layers.parameters()])
    for plain, recomputed in zip(*found):
        torch.testing.assert_close(recomputed, plain)
