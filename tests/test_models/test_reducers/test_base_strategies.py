# Copyright (c) elip_mm contributors. All rights reserved.
"""What single strategies promise beyond the contract of all of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import ExponentialMovingAverage

from elip_mm.analysis import kept_patches
from elip_mm.apis import token_states
from elip_mm.models.backbones import PrunedViT
from elip_mm.models.layers.proportional import by_channel, by_mask
from elip_mm.models.reducers import ToMeReducer, attentive_scores
from elip_mm.ops import hash_images, keep_and_group, keyed_uniform
from elip_mm.registry import MODELS
from elip_mm.structures import AttentionTrace, Hints

CONFIGS = Path(__file__).parents[3] / 'configs'


def make_vit(reducer, **kwargs):
    vit = PrunedViT(
        arch=dict(
            embed_dims=48,
            num_layers=4,
            num_heads=3,
            feedforward_channels=96,
        ),
        img_size=64,
        patch_size=8,
        out_type='raw',
        reducer=reducer,
        **kwargs,
    )
    torch.nn.init.normal_(vit.pos_embed, std=0.5)
    return vit.eval()


@pytest.mark.parametrize('name', ['RandomReducer', 'CenterReducer'])
def test_masks_follow_from_the_image_and_not_from_a_generator(name):
    vit = make_vit(dict(type=f'elip_mm.{name}', keep_ratio=0.5))
    images = torch.randn(4, 3, 64, 64)
    before = torch.get_rng_state()
    owner = vit.encode(images).owner
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(vit.encode(images).owner, owner)
    alone = vit.encode(images[2:3]).owner
    assert torch.equal(alone, owner[2:3])
    dropped = owner < 0
    assert (dropped.sum(dim=1) == 32).all()
    assert len({tuple(row) for row in dropped.tolist()}) == 4
    # Another look at the same image, and another seed, draw anew.
    assert not torch.equal(vit.encode(images.flip(-1)).owner, owner)
    other = make_vit(dict(type=f'elip_mm.{name}', keep_ratio=0.5, seed=1))
    assert not torch.equal(other.encode(images).owner, owner)


def test_masks_follow_from_a_given_key():
    vit = make_vit(dict(type='elip_mm.RandomReducer'))
    keys = torch.tensor([7, 8, 7])
    images = torch.randn(3, 3, 64, 64)
    owner = vit.encode(images, Hints(sample_keys=keys)).owner
    assert torch.equal(owner[0], owner[2])
    assert not torch.equal(owner[0], owner[1])


def test_keyed_numbers_are_uniform_and_unrelated():
    draws = keyed_uniform(torch.arange(2000), 50)
    assert 0 < draws.min() and draws.max() < 1
    assert abs(draws.mean().item() - 0.5) < 0.005
    assert abs(draws.var().item() - 1 / 12) < 0.001
    columns = torch.corrcoef(draws[:, :10].T) - torch.eye(10)
    rows = torch.corrcoef(draws[:10]) - torch.eye(10)
    assert columns.abs().max() < 0.1 and rows.abs().max() < 0.6
    assert len(set(hash_images(torch.rand(500, 3, 8, 8)).tolist())) == 500


def test_center_is_kept_more_often():
    vit = make_vit(dict(type='elip_mm.CenterReducer', keep_ratio=0.25))
    owner = vit.encode(torch.randn(200, 3, 64, 64)).owner
    often = (owner >= 0).float().mean(dim=0).view(8, 8)
    assert often[3:5, 3:5].min() > 0.6
    corners = often[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.max() < 0.05
    assert often[0, 3:5].min() > corners.max()


def test_attentive_obeys_the_scores_of_a_moving_average():
    vit = make_vit(dict(type='elip_mm.AttentiveReducer', keep_ratio=0.5))
    ema = ExponentialMovingAverage(vit, momentum=0.005)
    ema.update_parameters(vit)
    images = torch.randn(2, 3, 64, 64)
    scores = attentive_scores(ema.module, images)
    assert scores.shape == (2, 64) and not scores.requires_grad
    state = vit.encode(images, Hints(scores=scores))
    best = torch.zeros(2, 64, dtype=torch.bool)
    best.scatter_(1, scores.topk(32).indices, True)
    assert torch.equal(kept_patches(state), best)
    # Nobody scored: nothing is dropped.
    assert vit.encode(images).tokens.shape[1] == 65
    with pytest.raises(ValueError, match='one score per patch'):
        vit.encode(images, Hints(scores=scores[:, :60]))


def test_attentive_clip_scores_by_the_average_of_its_past():
    cfg = Config.fromfile(
        CONFIGS / 'clip/clip_tiny_dense_1xb64_synthetic-scenes-64px.py'
    )
    cfg.model.patch_scorer = dict(
        type='elip_mm.MomentumPatchScorer', momentum=0.5
    )
    cfg.model.pop('guidance', None)
    reducer = Config.fromfile(CONFIGS / '_base_/reducers/attentive.py').reducer
    cfg.model.vision_backbone.reducer = reducer
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    images, ids = torch.randn(3, 3, 64, 64), torch.randint(3, 9, (3, 32))
    losses = model.compute_losses(images, ids)
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    tower, scorer = model.vision_backbone, model.patch_scorer.average.module
    assert torch.equal(scorer.cls_token, tower.cls_token)  # first step copies
    assert all(p.grad is None for p in scorer.parameters())
    before = scorer.cls_token.clone()
    with torch.no_grad():
        tower.cls_token.add_(1.0)
    hints = model.hints(images)
    assert model.encode_image(images, hints).tokens.shape[1] == 1 + 46
    assert torch.allclose(scorer.cls_token, before + 0.5)
    unreduced = model.encode_image(images, hints, reduce=False)
    assert unreduced.tokens.shape[1] == 65
    owner = token_states(model, images)[5].owner
    assert (owner < 0).sum() == 3 * 18
    assert torch.allclose(scorer.cls_token, before + 0.5)  # looking, no step


def test_attentive_scores_are_mean_attention_rows():
    vit = make_vit(None)
    images = torch.randn(2, 3, 64, 64)
    rows, tokens = [], vit.embed(images).tokens
    for layer in vit.layers:
        attended, trace = layer.attend(tokens)
        rows.append(trace.attention_from(0)[:, 1:])
        tokens = layer.feed_forward(attended)
    expected = torch.stack(rows).mean(dim=0)
    assert torch.allclose(attentive_scores(vit, images), expected, atol=1e-6)


def test_elip_merges_the_unkept_into_groups_of_similar_keys():
    scores = torch.tensor([[0.0, 0.5, 0.4, 0.3, 0.1, 0.2, 0.05]])
    metric = torch.tensor(
        [[[9.0, 9], [1, 0], [0, 1], [1, 0.1], [1, 0.2], [0, 1], [0.1, 1]]]
    )
    plan = keep_and_group(scores, metric, num_keep=2, num_groups=2, eps=0.0)
    # Positions 3 and 5 are centres; 4 is like 3, and 6 like 5.
    assert plan.target.tolist() == [[0, 1, 2, 3, 3, 4, 4]]
    expected = torch.tensor([[1, 1, 1, 0.75, 0.25, 0.8, 0.2]])
    assert torch.allclose(plan.weight, expected)
    assert keep_and_group(scores, metric, 4, 2) is None


def test_elip_with_one_merged_token_is_unchanged():
    stages = [dict(layer=1, look_ahead=2, keep_ratio=0.5)]
    cfg = dict(type='elip_mm.ELIPReducer', stages=stages)
    one, three = make_vit(cfg), make_vit(dict(cfg, merge_tokens=3))
    three.load_state_dict(one.state_dict())
    images = torch.randn(2, 3, 64, 64)
    hints = Hints(guidance=torch.randn(2, 48))
    state, grouped = one.encode(images, hints), three.encode(images, hints)
    assert state.tokens.shape[1] == 1 + 32 + 1
    assert grouped.tokens.shape[1] == 1 + 32 + 3
    assert (
        torch.equal(kept_patches(state), kept_patches(grouped))
        or (
            # A group may have one member only, which then counts as kept.
            kept_patches(grouped) >= kept_patches(state)
        ).all()
    )


def test_tomes_decreasing_schedule_cuts_fractions():
    """As released: 91 tokens for 8 in each of 12 layers, not 96."""
    reducer = ToMeReducer(num_merge=8, schedule='decreasing')
    counts = [reducer.num_merge(index, 12) for index in range(12)]
    assert counts == [16, 14, 13, 11, 10, 8, 7, 5, 4, 2, 1, 0]
    assert sum(counts) == 91
    for layers in range(2, 30):
        for number in range(40):
            reducer = ToMeReducer(number, 'decreasing')
            counts = [reducer.num_merge(i, layers) for i in range(layers)]
            assert counts[0] == 2 * number and counts[-1] == 0
            assert sum(counts) <= number * layers
            assert counts == sorted(counts, reverse=True)


def test_mean_key_is_the_mean_of_the_keys():
    layer = make_vit(None).layers[1]
    tokens = torch.randn(2, 9, 48)
    _, trace = layer.attend(tokens)
    keys = layer(tokens, mode='mean_key')
    assert torch.allclose(keys, trace.mean_key(), atol=1e-6)


def test_size_enters_attention_exactly_by_mask_and_by_channel():
    query, key, value = torch.randn(3, 2, 4, 30, 16).double().unbind(0)
    sizes = torch.randint(1, 9, (2, 30)).double()
    repeats = [row.long() for row in sizes]
    expected = torch.stack(
        [
            torch.nn.functional.scaled_dot_product_attention(
                query[i],
                key[i].repeat_interleave(repeats[i], dim=1),
                value[i].repeat_interleave(repeats[i], dim=1),
            )
            for i in range(2)
        ]
    )
    for way in (by_mask, by_channel):
        found = way(query, key, value, sizes.log(), 0.0)
        assert torch.allclose(found, expected, atol=1e-12)
    row = AttentionTrace(query, key, sizes.log()).attention_from(0)
    plain = replace(AttentionTrace(query, key), bias=sizes.log())
    assert torch.equal(row, plain.attention_from(0))


@pytest.mark.parametrize(
    'cfg, message',
    [
        (dict(type='EViTReducer', keep_ratio=1.5), 'keep_ratio, a ratio'),
        (dict(type='EViTReducer', layers=(3, 6)), 'no layer 6 in a 4-layer'),
        (dict(type='ToMeReducer', schedule='late'), 'constant'),
        (dict(type='ToMeReducer', num_merge=(1, 2)), '2 numbers'),
        (
            dict(type='ToMeReducer', num_merge=-1),
            'num_merge must be a whole number of at least 0',
        ),
        (dict(type='RandomReducer', layer=4), 'no layer 4'),
        (dict(type='CenterReducer', spread=0), 'spread must be a number'),
        (
            dict(
                type='ELIPReducer',
                stages=[dict(layer=1, look_ahead=1, keep_ratio=0.5)],
                merge_tokens=0,
            ),
            'merge_tokens',
        ),
    ],
)
def test_bad_settings_are_refused(cfg, message):
    with pytest.raises(ValueError, match=message):
        make_vit(dict(cfg, type=f'elip_mm.{cfg["type"]}'))
