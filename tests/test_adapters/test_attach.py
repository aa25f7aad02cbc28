# Copyright (c) elip_mm contributors. All rights reserved.
import copy

import pytest
import torch
from mmpretrain.models.backbones import VisionTransformer
from torch import nn

from elip_mm.adapters import attach_reducer, detach_reducer
from elip_mm.adapters.finding import find_adapter
from elip_mm.adapters.guidance_scope import current_guidance
from elip_mm.analysis.layer_watch import MAIN, LayerWatch
from elip_mm.apis import token_states
from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints

from .zoo import (
    ELIP,
    ELIP_TOKENS,
    GUIDED,
    NUM_TOKENS,
    TOWERS,
    build,
    load_batch,
)

EVERY = pytest.mark.parametrize('name', sorted(TOWERS))
WITH_LOSS = pytest.mark.parametrize('name', sorted(set(TOWERS) - {'CLIP'}))


def run(model, batch, mode):
    """Losses or predictions as numbers that can be compared."""
    torch.manual_seed(1)
    batch = copy.deepcopy(batch)
    if mode == 'loss':
        return {k: v.detach() for k, v in model(**batch, mode='loss').items()}
    with torch.no_grad():
        found = model(**batch, mode='predict')
    if isinstance(found, tuple):  # retrieval looks both ways
        found = [sample for way in found for sample in way]
    fields = ('pred_score', 'pred_label', 'pred_answer', 'pred_caption')
    return [
        {field: sample.get(field) for field in fields if field in sample}
        for sample in found
    ]


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def lengths(model, batch, mode):
    """Tokens that enter the layers of the reduced tower."""
    with LayerWatch(model) as calls:
        run(model, batch, mode)
    return [call.entered for call in calls if call.kind == MAIN]


def footprint(model):
    """Everything that a module could bear a trace in."""
    modules = {}
    for name, module in model.named_modules():
        kept = {
            key: value
            for key, value in vars(module).items()
            if not isinstance(value, (dict, torch.Tensor))
        }
        modules[name] = (type(module), id(module), sorted(kept))
    return modules


def during(name):
    return ('predict',) if name == 'CLIP' else ('loss', 'predict')


@EVERY
def test_detaching_restores_the_plain_model_bit_for_bit(name, tmp_path):
    model = build(name, tmp_path)
    modes = during(name)
    batch = load_batch(model, name)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    before = {mode: run(model, batch, mode) for mode in modes}
    model.load_state_dict(state)  # momentum copies and queues move in a loss
    tracks = footprint(model)
    parameters = [id(parameter) for parameter in model.parameters()]

    attach_reducer(model, ELIP, during=modes)
    assert isinstance(model.get_submodule(TOWERS[name]), PrunedViT)
    assert [id(parameter) for parameter in model.parameters()] == parameters
    for mode in modes:
        run(model, batch, mode)
    assert current_guidance() is None
    detach_reducer(model)

    assert footprint(model) == tracks
    model.load_state_dict(state)
    for mode in modes:
        assert same(run(model, batch, mode), before[mode]), mode


@EVERY
def test_checkpoints_go_both_ways(name, tmp_path):
    plain, reduced = build(name, tmp_path), build(name, tmp_path)
    keys = list(plain.state_dict())
    attach_reducer(reduced, ELIP, during=during(name))
    assert list(reduced.state_dict()) == keys
    with torch.no_grad():
        for parameter in reduced.parameters():
            parameter.add_(0.01)
    plain.load_state_dict(reduced.state_dict(), strict=True)
    reduced.load_state_dict(plain.state_dict(), strict=True)


@WITH_LOSS
def test_only_the_loss_is_reduced_unless_asked(name, tmp_path):
    model = attach_reducer(build(name, tmp_path), ELIP)
    batch = load_batch(model, name)
    assert lengths(model, batch, 'loss') == ELIP_TOKENS
    model.eval()
    plain = build(name, tmp_path).eval()
    plain.load_state_dict(model.state_dict())
    assert lengths(model, batch, 'predict') == [NUM_TOKENS] * 4
    assert same(run(model, batch, 'predict'), run(plain, batch, 'predict'))


@EVERY
def test_predictions_on_request_have_the_shapes_of_the_plain_model(
    name, tmp_path
):
    model, plain = build(name, tmp_path).eval(), build(name, tmp_path).eval()
    attach_reducer(model, ELIP, during=('predict',))
    batch = load_batch(model, name)
    assert lengths(model, batch, 'predict') == ELIP_TOKENS
    for found, usual in zip(
        run(model, batch, 'predict'), run(plain, batch, 'predict')
    ):
        assert found.keys() == usual.keys()
        for field, value in usual.items():
            if isinstance(value, torch.Tensor):
                assert found[field].shape == value.shape
                assert found[field].isfinite().all()
    if name != 'CLIP':
        assert lengths(model, batch, 'loss') == [NUM_TOKENS] * 4


@WITH_LOSS
def test_gradients_reach_the_tower_and_guiding_draws_no_random_number(
    name, tmp_path
):
    model = build(name, tmp_path).train()
    batch = load_batch(model, name)
    attach_reducer(model, ELIP)
    modes = [module.training for module in model.modules()]
    images = batch.get('images', batch.get('inputs'))
    before = torch.get_rng_state()
    token_states(model, images, batch['data_samples'])
    model._attachment.adapter.guide(
        model, images, batch['data_samples'], 'loss'
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert [module.training for module in model.modules()] == modes
    losses = model(**batch, mode='loss')
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    tower = model.get_submodule(TOWERS[name])
    assert all(p.grad.isfinite().all() for p in tower.layers.parameters())


@pytest.mark.parametrize('name', GUIDED)
def test_the_own_text_guides_each_image(name, tmp_path):
    model = build(name, tmp_path).eval()
    attach_reducer(model, dict(ELIP, text_weight=0.9))
    batch = load_batch(model, name)
    images, samples = batch['images'], batch['data_samples']
    owner = token_states(model, images, samples)[3].owner
    blind = token_states(model, images)[3].owner
    assert not torch.equal(owner, blind)
    # Only the sample whose text changes is reduced otherwise.
    other = copy.deepcopy(samples)
    for key in ('text', 'question'):
        other[1].set_field('there is a large red star', key)
    changed = token_states(model, images, other)[3].owner != owner
    rows = changed.any(dim=1).view(-1, 4)
    assert rows[:, 1].any() and not rows[:, [0, 2, 3]].any()


def test_clip_is_guided_by_a_text_that_comes_with_the_image(tmp_path):
    model = build('CLIP', tmp_path).eval()
    attach_reducer(model, dict(ELIP, text_weight=0.9), during=('predict',))
    batch = load_batch(model, 'CLIP')
    adapter = model._attachment.adapter
    guide = adapter.guide(
        model, batch['images'], batch['data_samples'], 'loss'
    )
    feature = model.extract_text_feat(
        model.tokenize([sample.text for sample in batch['data_samples']])
    )
    feature = feature / feature.norm(dim=-1, keepdim=True)
    expected = feature @ model.visual_proj.proj.t()
    assert torch.allclose(guide, expected, atol=1e-6)
    # The samples of zero-shot classification carry none.
    assert adapter.guide(model, batch['images'], None, 'predict') is None


def test_a_momentum_copy_is_reduced_only_when_asked(tmp_path):
    model = build('BlipRetrieval', tmp_path)
    attach_reducer(model, ELIP)
    assert type(model.vision_backbone_m) is VisionTransformer
    detach_reducer(model)
    names = ('vision_backbone', 'vision_backbone_m')
    attach_reducer(model, ELIP, target=names)
    batch = load_batch(model, 'BlipRetrieval')
    assert lengths(model, batch, 'loss') == 2 * ELIP_TOKENS


def test_strength_is_set_through_the_model(tmp_path):
    model = attach_reducer(build('ImageClassifier', tmp_path), ELIP)
    batch = load_batch(model, 'ImageClassifier')
    model.set_pruning_strength(0.0)
    assert lengths(model, batch, 'loss') == [NUM_TOKENS] * 4


class Stranger(nn.Module):
    """A model that no adapter is made for."""

    def __init__(self, num_towers, tower):
        super().__init__()
        for number in range(num_towers):
            self.add_module(f'eye{number}', copy.deepcopy(tower))
        self.eye0_m = copy.deepcopy(tower) if num_towers else nn.Identity()

    def loss(self, inputs, data_samples):
        return dict(loss=self.eye0(inputs)[0].sum())


def test_a_stranger_with_one_tower_is_reduced_by_vision(tmp_path):
    tower = build('BlipCaption', tmp_path).visual_encoder
    model = Stranger(1, tower)
    attach_reducer(model, ELIP, guidance='none')
    with LayerWatch(model) as calls:
        model.loss(torch.randn(2, 3, 48, 48), None)
    entered = [call.entered for call in calls if call.kind == MAIN]
    assert entered == ELIP_TOKENS
    assert type(model.eye0_m) is VisionTransformer


def test_unfit_models_are_refused_in_words(tmp_path):
    tower = build('BlipCaption', tmp_path).visual_encoder

    def refuse(model, message, **kwargs):
        tracks = footprint(model)
        with pytest.raises(ValueError, match=message):
            attach_reducer(model, kwargs.pop('reducer', ELIP), **kwargs)
        assert footprint(model) == tracks  # nothing half done

    refuse(Stranger(1, tower), 'no text tower that attach_reducer knows')
    refuse(
        Stranger(2, tower), 'several .* eye0, eye1; say in', guidance='none'
    )
    refuse(Stranger(0, tower), 'no plain VisionTransformer', guidance='none')
    refuse(
        Stranger(1, tower), "no module 'eye7'", guidance='none', target='eye7'
    )
    refuse(
        build('BlipCaption', tmp_path), 'has no text tower', guidance='text'
    )
    refuse(build('CLIP', tmp_path), "no method 'loss'.*'predict'")
    deep = dict(ELIP, stages=[dict(layer=3, look_ahead=2, keep_ratio=0.5)])
    refuse(build('BlipVQA', tmp_path), 'looks 2 layers ahead', reducer=deep)
    refuse(
        build('BlipVQA', tmp_path),
        'no token reducer .*ELIPReducer',
        reducer=dict(type='elip_mm.Elip'),
    )
    refuse(
        build('BlipVQA', tmp_path),
        'needs scores',
        reducer=dict(type='elip_mm.AttentiveReducer'),
    )
    model = build('BlipVQA', tmp_path)
    model.multimodal_backbone.config.hidden_size = 32
    refuse(model, 'is 32 wide, but its vision_backbone 48')
    model = build('ImageClassifier', tmp_path)
    refuse(model, 'head of ImageClassifier is a LinearClsHead', target='head')
    attach_reducer(model, ELIP)
    with pytest.raises(ValueError, match='already has a reducer'):
        attach_reducer(model, ELIP)
    detach_reducer(model)
    with pytest.raises(ValueError, match='no reducer attached'):
        detach_reducer(model)
    with pytest.raises(ValueError, match='does not reduce tokens'):
        token_states(model, torch.randn(1, 3, 48, 48))


def test_a_tower_that_is_told_hints_follows_them(tmp_path):
    """Its model gives it images alone; whoever gives more is heard."""
    model = attach_reducer(build('ImageClassifier', tmp_path), ELIP).eval()
    tower, images = model.backbone, torch.rand(2, 3, 48, 48)
    hints = Hints(guidance=torch.rand(2, 48))
    (told,), (alone,) = tower(images, hints), tower(images)
    assert told.shape != alone.shape or not torch.equal(told, alone)
    assert torch.equal(tower(images, hints, reduce=False)[0], alone)


@pytest.mark.parametrize('name', ['BlipVQA', 'BlipNLVR'])
def test_guidance_without_samples_is_refused(name, tmp_path):
    model = build(name, tmp_path)
    with pytest.raises(ValueError, match=f'{name} .*give data_samples'):
        find_adapter(model).guide(
            model, torch.rand(1, 3, 48, 48), None, 'loss'
        )
