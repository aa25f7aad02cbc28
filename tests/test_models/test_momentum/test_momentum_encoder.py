# Copyright (c) elip_mm contributors. All rights reserved.
"""The queue of features, and the momentum encoder.

Acceptance: itc-targets, momentum.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from elip_mm.models.momentum import FeatureQueue, MomentumEncoder
from elip_mm.registry import MODELS
from tests.support.tiny_momentum import (
    check_copies,
    settings,
    tiny_pretrainer,
    toy_pairs,
)

BOTH = pytest.mark.parametrize('family', ['albef', 'blip'])


class Counter(nn.Module):
    """A parameter, a frozen one and buffers of two types."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3))
        self.frozen = nn.Parameter(torch.randn(3), requires_grad=False)
        self.register_buffer('mean', torch.randn(2))
        self.register_buffer('steps', torch.tensor(1))


def test_copy_averages_parameters_and_copies_buffers():
    sources = dict(part=Counter(), other=nn.Linear(2, 2))
    momentum_encoder = MomentumEncoder(sources, momentum=0.9)
    before = [p.clone() for p in momentum_encoder.parameters()]
    with torch.no_grad():
        for module in sources.values():
            for tensor in [*module.parameters(), *module.buffers()]:
                tensor += 1
    places = [p.data_ptr() for p in momentum_encoder.parameters()]
    momentum_encoder.update(sources)
    for old, new in zip(before, momentum_encoder.parameters()):
        torch.testing.assert_close(new, old + 0.1)
    assert places == [
        p.data_ptr() for p in momentum_encoder.parameters()
    ]  # in place
    assert torch.equal(momentum_encoder.part.mean, sources['part'].mean)
    assert momentum_encoder.part.steps == 2
    assert not any(p.requires_grad for p in momentum_encoder.parameters())
    momentum_encoder.copy_from(sources)
    assert torch.equal(momentum_encoder.part.weight, sources['part'].weight)


def test_momentum_outside_of_its_range_is_refused():
    with pytest.raises(ValueError, match='share that stays'):
        MomentumEncoder(dict(part=nn.Linear(2, 2)), momentum=995)


@BOTH
def test_every_parameter_follows_by_its_share(family):
    model = tiny_pretrainer(family)
    online, momentum_encoder = (
        model.online_modules(),
        dict(model.momentum_encoder.named_children()),
    )
    assert set(online) == set(momentum_encoder)
    before = {
        n: p.clone() for n, p in model.momentum_encoder.named_parameters()
    }
    model.compute_losses(*toy_pairs(3))
    expected = {
        f'{name}.{key}': 0.995 * before[f'{name}.{key}'] + 0.005 * value
        for name, module in online.items()
        for key, value in module.named_parameters()
    }
    assert set(expected) == set(before)
    for name, value in model.momentum_encoder.named_parameters():
        torch.testing.assert_close(value, expected[name], msg=name)
        assert not torch.equal(value, before[name]), name
    storages = [
        {p.untyped_storage().data_ptr() for p in modules.parameters()}
        for modules in (model.momentum_encoder, nn.ModuleDict(online))
    ]
    assert not storages[0] & storages[1]


@BOTH
def test_copy_starts_as_its_original(family):
    model = MODELS.build(settings(family))
    model.init_weights()
    check_copies(model)


@BOTH
def test_weights_without_momentum_reach_the_momentum_encoder(family):
    state = tiny_pretrainer(family, seed=3).state_dict()
    plain = {
        k: v for k, v in state.items() if not k.startswith('momentum_encoder.')
    }
    model = tiny_pretrainer(family)
    missing, unexpected = model.load_state_dict(plain, strict=False)
    assert not missing and not unexpected
    check_copies(model)
    model.load_state_dict(state)  # copies that are there are taken
    kept = model.state_dict()
    assert all(torch.equal(kept[key], state[key]) for key in state)


def rows(count, start=0.0):
    return start + torch.arange(count, dtype=torch.float)[:, None].repeat(1, 2)


def test_queue_wraps_around():
    queue = FeatureQueue(2, 5)
    torch.testing.assert_close(queue.image_queue.norm(dim=0), torch.ones(5))
    for start in (0.0, 3.0, 6.0):
        queue.enqueue(rows(3, start), -rows(3, start))
    assert queue.image_queue[0].tolist() == [5, 6, 7, 8, 4]
    assert queue.text_queue[1].tolist() == [-5, -6, -7, -8, -4]
    assert queue.queue_ptr.tolist() == [4]


def test_a_batch_longer_than_the_queue():
    queue = FeatureQueue(2, 4)
    queue.enqueue(rows(6), rows(6))
    assert sorted(queue.image_queue[0].tolist()) == [2, 3, 4, 5]
    assert queue.queue_ptr.tolist() == [2]
    queue.enqueue(rows(1, 9.0), rows(1, 9.0))  # the oldest goes
    assert sorted(queue.image_queue[0].tolist()) == [3, 4, 5, 9]
    with pytest.raises(ValueError, match='must be positive'):
        FeatureQueue(2, 0)


@BOTH
def test_momentum_encoder_sees_all_patches_and_has_no_gradient(family):
    model = tiny_pretrainer(family)
    images, ids = toy_pairs(3)
    pairs = model.encode_pairs(images, ids)
    momentum = pairs.momentum
    assert momentum.vision.tokens.shape[1] == 17
    assert pairs.vision.tokens.shape[1] == 8
    assert not momentum.image_embed.requires_grad
    assert not momentum.text_embed.requires_grad
    with torch.no_grad():
        again = model.momentum_encoder.vision_backbone.encode(
            images, reduce=False
        )
        embedded = model.momentum_encoder.vision_neck(again.tokens[:, 0])
    assert torch.equal(momentum.image_embed, F.normalize(embedded, dim=-1))


@BOTH
def test_evaluation_leaves_copy_and_queue_alone(family):
    model = tiny_pretrainer(family).eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    model.compute_losses(*toy_pairs(3))
    after = model.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)


@BOTH
def test_shared_reduction_repeats_the_plans_without_look_ahead(family):
    model = tiny_pretrainer(family, share_reduction=True)
    images, ids = toy_pairs(3)

    def refuse(*args):
        raise AssertionError('the momentum encoder looked ahead')

    model.momentum_encoder.vision_backbone.look_ahead = refuse
    pairs = model.encode_pairs(images, ids)
    online, taught = pairs.vision, pairs.momentum.vision
    assert taught.tokens.shape == online.tokens.shape
    assert torch.equal(taught.owner, online.owner)
    assert torch.equal(taught.sizes, online.sizes)
    for mine, theirs in zip(online.plans, taught.plans):
        assert mine.plan is theirs.plan
    # With equal weights the momentum encoder gives the very same tokens.
    model.momentum_encoder.copy_from(model.online_modules())
    model.eval()
    pairs = model.encode_pairs(images, ids)
    assert torch.equal(pairs.momentum.vision.tokens, pairs.vision.tokens)


def test_plans_of_other_images_are_refused():
    model = tiny_pretrainer('albef')
    images, ids = toy_pairs(3)
    plans = model.encode_pairs(images, ids).vision.plans
    with pytest.raises(ValueError, match='must see the same images'):
        model.momentum_encoder.vision_backbone.encode(images[:2], follow=plans)
