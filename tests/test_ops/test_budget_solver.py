# Copyright (c) elip_mm contributors. All rights reserved.
"""Budgets: the formula is what is counted, and the solver meets it."""

import pytest
import torch

from elip_mm.analysis import (
    Tower,
    count_flops,
    make_workload,
    tokens_per_layer,
)
from elip_mm.models.backbones import PrunedViT
from elip_mm.ops import (
    Budget,
    StageSpec,
    TowerShape,
    layer_lengths,
    reachable_range,
    read_budget,
    relative_cost,
    removal_pattern,
    solve_counts,
    training_flops,
)

from ..tiny import ARCH, GUIDANCE, IMAGES, tiny_vit

BASE = TowerShape(12, 768, 12, 12 * 768**2, 16 * 16 * 3 * 768)
PAPER = tuple(StageSpec(*m) for m in ((2, 2), (4, 6), (10, 2)))
LITE = tuple(StageSpec(layer, 1) for layer in (2, 4, 10))
PLACES = [dict(layer=m.layer, look_ahead=m.look_ahead) for m in PAPER]
LITE_PLACES = [dict(place, look_ahead=1) for place in PLACES]
DEEP = dict(ARCH, num_layers=24)


def budgeted(keep, stages=PLACES, **kwargs):
    return dict(
        type='elip_mm.ELIPReducer', stages=stages, budget=keep, **kwargs
    )


@pytest.mark.parametrize(
    'moments, expected', [(PAPER, 0.8769), (LITE, 0.7069)]
)
def test_paper_costs_what_is_known(moments, expected):
    cost = relative_cost('flops', BASE, moments, (176, 127, 78), 196)
    assert cost == pytest.approx(expected, abs=5e-5)
    assert relative_cost(
        'tokens', BASE, moments, (176, 127, 78), 196
    ) == pytest.approx(1 - 0.2876, abs=1e-4)


def test_lengths_are_those_of_the_paper():
    lengths = layer_lengths(12, 196, 1, PAPER, (176, 127, 78))
    assert lengths == (197,) * 2 + (178,) * 2 + (129,) * 6 + (80,) * 2
    assert layer_lengths(12, 196, 1, PAPER, (196, 196, 195)) == (197,) * 12


@pytest.mark.parametrize('stages', [PLACES, LITE_PLACES])
@pytest.mark.parametrize(
    'arch, size, patch, merge_tokens',
    [
        ('base', 224, 16, 1),
        ('base', 224, 16, 4),
        ('deit-small', (192, 320), 16, 1),
        (DEEP, 64, 8, 4),
    ],
)
def test_formula_and_budget_agree_with_the_counter(
    stages, arch, size, patch, merge_tokens
):
    tower = Tower(arch, size, patch, 1)
    reducer = budgeted('flops:0.88', stages, merge_tokens=merge_tokens)
    work = make_workload('elip', tower, reducer, device='meta')
    dense = count_flops(make_workload('dense', tower, device='meta').run)
    counted = count_flops(work.run)
    assert counted / dense == pytest.approx(0.88, rel=0.02)
    budget = work.module.reducer._budget
    patches = tower.sides[0] * tower.sides[1] // patch**2
    for moments, counts, flops in (
        ((), (), dense),
        (budget.moments, budget.counts(patches), counted),
    ):
        formula = training_flops(budget.shape, patches, 1, moments, counts)
        assert formula == pytest.approx(flops, rel=1e-3)


def test_tower_without_class_token_is_counted_with_its_summary_token():
    settings = dict(arch='deit-small', img_size=224, out_type='raw')
    with torch.device('meta'):
        vit = PrunedViT(
            **settings, with_cls_token=False, reducer=budgeted('flops:0.8')
        )
        images = torch.empty(1, 3, 224, 224)
        guidance = torch.empty(1, 384)
    budget = vit.reducer._budget
    flops = count_flops(
        lambda: vit.encode(images, guidance).tokens.sum().backward()
    )
    formula = training_flops(
        budget.shape, 196, 0, budget.moments, budget.counts(196)
    )
    assert formula == pytest.approx(flops, rel=1e-3)


@pytest.mark.parametrize('moments', [PAPER, LITE])
@pytest.mark.parametrize('patches', [49, 64, 196, 576])
@pytest.mark.parametrize('kind', ['flops', 'tokens'])
def test_budget_is_met_over_the_whole_range(kind, patches, moments):
    low, high = reachable_range(kind, BASE, moments, patches)
    for part in (0.0, 0.1, 0.5, 0.9):
        goal = low + part * (min(high, 1.0) - low)
        counts = solve_counts(Budget(kind, goal), BASE, moments, patches)
        assert all(a >= b >= 1 for a, b in zip((patches, *counts), counts))
        cost = relative_cost(kind, BASE, moments, counts, patches)
        # Within 2 %, or no single token of any stage brings it closer.
        near = abs(cost - goal) <= 0.02 * goal
        token = max(
            abs(
                relative_cost(
                    kind, BASE, moments, [c - 1 for c in counts], patches
                )
                - cost
            ),
            1e-9,
        )
        assert near or abs(cost - goal) <= token


def test_schedule_keeps_the_shape_of_the_paper():
    assert removal_pattern(3) == pytest.approx((1 / 6, 7 / 12, 1))
    assert removal_pattern(1) == (1.0,)
    assert removal_pattern(5)[::2] == pytest.approx(removal_pattern(3))
    share = relative_cost('tokens', BASE, PAPER, (176, 127, 78), 196)
    counts = solve_counts(Budget('tokens', share), BASE, PAPER, 196)
    assert all(abs(a - b) <= 1 for a, b in zip(counts, (176, 127, 78)))


def test_solver_is_deterministic_and_towers_share_solutions():
    budget = read_budget('flops:0.8')
    first = solve_counts(budget, BASE, PAPER, 196)
    assert solve_counts(budget, BASE, PAPER, 196) == first
    one, other = (tiny_vit(budgeted('flops:0.9')) for _ in range(2))
    known = one.reducer._budget.counts(64)
    assert other.reducer._budget.counts(64) is known


def test_reducer_solves_for_the_size_of_each_image():
    vit = tiny_vit(budgeted('tokens:0.7', LITE_PLACES))
    for images in (IMAGES, torch.randn(2, 3, 96, 80)):
        lengths = tokens_per_layer(vit, images, GUIDANCE[: len(images)])
        dense = images.shape[2] * images.shape[3] // 64 + 1
        assert sum(lengths) / (12 * dense) == pytest.approx(0.7, rel=0.02)


def test_default_stages_take_a_budget_instead_of_their_shares():
    vit = tiny_vit(dict(type='elip_mm.ELIPReducer', budget='flops:0.9'))
    assert vit.reducer.num_keep(2, 64, 1) < vit.reducer.num_keep(0, 64, 1)


def test_whole_budget_is_the_dense_tower():
    vit = tiny_vit(budgeted('flops:1'))
    tokens = vit.encode(IMAGES, GUIDANCE).tokens
    assert torch.equal(tokens, tiny_vit().encode(IMAGES).tokens)


def test_budget_out_of_reach_is_refused_when_built():
    with pytest.raises(ValueError, match=r'only 0\.\d+ to 1\.\d+'):
        tiny_vit(budgeted('flops:0.3'))


@pytest.mark.parametrize('keep', ['flops', 'memory:0.7', 'flops:1.5', '0.7'])
def test_budget_that_makes_no_sense_is_refused(keep):
    with pytest.raises(ValueError, match='flops:0.75'):
        tiny_vit(budgeted(keep))


def test_budget_and_counts_contradict():
    with pytest.raises(ValueError, match='keep_counts'):
        tiny_vit(budgeted('flops:0.9', keep_counts=(40, 30, 20)))
