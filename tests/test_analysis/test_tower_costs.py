# Copyright (c) elip_mm contributors. All rights reserved.
"""The counts by formula are those of torch's counter, call by call."""

import pytest
import torch
from mmengine.config import Config

from elip_mm.analysis.counters import count_flops
from elip_mm.analysis.layer_watch import (
    LayerWatch,
    look_ahead_share,
    mean_tokens,
)
from elip_mm.analysis.tower_costs import (
    count_tower,
    find_tower_configs,
    is_frozen,
)
from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints

STAGES = [
    dict(layer=1, look_ahead=2, keep_ratio=0.8),
    dict(layer=3, look_ahead=1, keep_ratio=0.4),
]
REDUCERS = dict(
    none=None,
    elip=dict(type='elip_mm.ELIPReducer', stages=STAGES),
    grouped=dict(type='elip_mm.ELIPReducer', stages=STAGES, merge_tokens=3),
    evit=dict(type='elip_mm.EViTReducer', layers=(1, 2)),
    tome=dict(type='elip_mm.ToMeReducer', num_merge=5),
    random=dict(type='elip_mm.RandomReducer'),
    attentive=dict(type='elip_mm.AttentiveReducer'),
)


def tower(reducer, **kwargs):
    return dict(
        type='elip_mm.PrunedViT',
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


def build(config):
    config = dict(config)
    config.pop('type')
    return PrunedViT(**config)


@pytest.mark.parametrize('name', REDUCERS)
def test_formula_and_counter_agree(name):
    config = tower(REDUCERS[name])
    vit = build(config).train()
    images = torch.randn(1, 3, 64, 64)
    scores = torch.rand(1, 64) if name == 'attentive' else None
    hints = Hints(guidance=torch.randn(1, 48), scores=scores)

    def run():
        return vit.encode(images, hints).tokens

    # Matching is work of the strategy itself, not of the layers: it is
    # counted by torch, and stays below a hundredth.
    matching = 0.01 if name in ('tome', 'evit', 'grouped') else 0.0
    costs = count_tower(config)
    with torch.no_grad():
        forward = count_flops(run)
    assert costs.forward <= forward <= costs.forward * (1 + matching)
    training = count_flops(lambda: run().sum().backward())
    assert costs.training <= training <= costs.training * (1 + matching)
    lengths = [s.tokens.shape[1] for s in vit.states(images, hints).values()]
    assert list(costs.left) == lengths


def test_stages_tell_the_look_ahead_apart():
    costs = count_tower(tower(REDUCERS['elip']))
    assert [stage.layers for stage in costs.stages] == [(0,), (1, 2), (3,)]
    assert [stage.tokens for stage in costs.stages] == [65, 53, 27]
    assert costs.entered == costs.left == (65, 53, 53, 27)
    first, second, third = costs.stages
    assert first.look_ahead == 0 < third.look_ahead < second.look_ahead
    # A whole layer on 65 tokens and one row of the next.
    assert second.look_ahead == first.forward + 4 * 48**2 + 2 * 65 * 48 * 3


def test_any_size_and_refusal_of_others():
    wide = count_tower(tower(None), shape=(32, 128))
    assert wide.entered == (65,) * 4
    with pytest.raises(ValueError, match='60 x 64 .* patches of 8 x 8'):
        count_tower(tower(None), shape=(60, 64))


def test_towers_are_found_in_any_config():
    plain = dict(tower(None), type='mmpretrain.VisionTransformer')
    plain.pop('reducer')
    hook = dict(type='elip_mm.ELIPPruningHook', reducer=REDUCERS['tome'])
    model = dict(type='X', a=[dict(type='Y', b=plain)])
    found = find_tower_configs(Config(dict(model=model)))
    assert list(found) == ['model.a.0.b']
    assert count_tower(found['model.a.0.b']).left == (65,) * 4
    cfg = Config(dict(model=model, custom_hooks=[hook]))
    found = find_tower_configs(cfg)
    assert count_tower(found['model.a.0.b']).left == (60, 55, 50, 45)
    with pytest.raises(ValueError, match='neither a PrunedViT'):
        find_tower_configs(Config(dict(model=dict(type='ResNet'))))


@pytest.mark.parametrize('with_cp', [False, True])
def test_the_watch_leaves_no_trace_and_ignores_recomputation(with_cp):
    vit = build(tower(REDUCERS['elip'], with_cp=with_cp)).train()
    images = torch.randn(2, 3, 64, 64)
    hints = Hints(guidance=torch.randn(2, 48))
    with LayerWatch(vit) as calls:
        vit.encode(images, hints).tokens.sum().backward()
    assert mean_tokens(calls) == (65 + 53 + 53 + 27) / 4
    costs = count_tower(tower(REDUCERS['elip']))
    layers = costs.training - 2 * costs.embedding
    assert look_ahead_share(calls) == pytest.approx(costs.look_ahead / layers)
    assert sum(call.total_flops for call in calls) == 2 * layers
    assert not any(part._forward_hooks for part in vit.modules())


def test_a_frozen_tower_costs_its_forward_pass():
    config = tower(REDUCERS['elip'])
    vit = build(config).requires_grad_(False).eval()
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        counted = count_flops(
            lambda: vit.encode(images, Hints(guidance=torch.randn(1, 48)))
        )
    frozen, trained = (count_tower(config, trained=t) for t in (False, True))
    assert frozen.training == frozen.forward == trained.forward == counted
    assert trained.training > 2 * counted


def test_the_recipe_says_what_is_frozen():
    cfg = Config(dict(model=dict(vision_backbone=tower(None), frozen=())))
    (path,) = find_tower_configs(cfg)
    assert not is_frozen(cfg, path)
    cfg.model.frozen = ('text_encoder',)
    assert not is_frozen(cfg, path)
    cfg.model.frozen = ('text_encoder', 'vision_backbone')
    assert is_frozen(cfg, path)
    assert not is_frozen(Config(dict(model=tower(None))), 'model')
