# Copyright (c) elip_mm contributors. All rights reserved.
"""Budgets: the formula is what is counted, and the solver meets it."""

from dataclasses import replace

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
from elip_mm.structures import Hints
from tests.support.tiny import ARCH, GUIDANCE, HINTS, IMAGES, tiny_vit

BASE = TowerShape(
    num_layers=12,
    width=768,
    num_heads=12,
    attention_weights=4 * 768**2,
    feed_forward_weights=8 * 768**2,
    patch_weights=16 * 16 * 3 * 768,
    num_patches=196,
)
PAPER = tuple(StageSpec(*m) for m in ((2, 2), (4, 6), (10, 2)))
LITE = tuple(StageSpec(layer, 1) for layer in (2, 4, 10))
PLACES = [dict(layer=m.layer, look_ahead=m.look_ahead) for m in PAPER]
LITE_PLACES = [dict(place, look_ahead=1) for place in PLACES]
DEEP = dict(ARCH, num_layers=24)


def budgeted(budget, stages=PLACES, **kwargs):
    return dict(
        type='elip_mm.ELIPReducer', stages=stages, budget=budget, **kwargs
    )


@pytest.mark.parametrize('stages, expected', [(PAPER, 0.8769), (LITE, 0.7069)])
def test_paper_costs_what_is_known(stages, expected):
    cost = relative_cost('flops', BASE, stages, (176, 127, 78))
    assert cost == pytest.approx(expected, abs=5e-5)
    tokens = relative_cost('tokens', BASE, stages, (176, 127, 78))
    assert tokens == pytest.approx(1 - 0.2876, abs=1e-4)


def test_lengths_are_those_of_the_paper():
    lengths = layer_lengths(BASE, PAPER, (176, 127, 78))
    assert lengths == (197,) * 2 + (178,) * 2 + (129,) * 6 + (80,) * 2
    assert layer_lengths(BASE, PAPER, (196, 196, 195)) == (197,) * 12


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
    shape = budget.tower
    assert shape.num_patches == tower.sides[0] * tower.sides[1] // patch**2
    for stages, counts, flops in (
        ((), (), dense),
        (budget.stages, budget.counts(shape.num_patches), counted),
    ):
        # A stage that shortens nothing is given products that it spares.
        rel = 2e-5 if merge_tokens > 1 else 0
        formula = training_flops(shape, stages, counts)
        assert formula == pytest.approx(flops, rel=rel, abs=0)


def test_tower_without_class_token_is_counted_with_its_summary_token():
    settings = dict(arch='deit-small', img_size=224, out_type='raw')
    with torch.device('meta'):
        vit = PrunedViT(
            **settings, with_cls_token=False, reducer=budgeted('flops:0.8')
        )
        images = torch.empty(1, 3, 224, 224)
        hints = Hints(guidance=torch.empty(1, 384))
    budget = vit.reducer._budget
    flops = count_flops(
        lambda: vit.encode(images, hints).tokens.sum().backward()
    )
    assert budget.tower.num_prefix == 0
    formula = training_flops(budget.tower, budget.stages, budget.counts(196))
    # The weighted mean of the patches, for the summary token, is left out.
    assert formula == pytest.approx(flops, rel=2e-5)


@pytest.mark.parametrize('stages', [PAPER, LITE])
@pytest.mark.parametrize('patches', [49, 64, 196, 576])
@pytest.mark.parametrize('kind', ['flops', 'tokens'])
def test_budget_is_met_over_the_whole_range(kind, patches, stages):
    tower = replace(BASE, num_patches=patches)
    low, high = reachable_range(kind, tower, stages)
    for part in (0.0, 0.1, 0.5, 0.9):
        goal = low + part * (min(high, 1.0) - low)
        counts = solve_counts(Budget(kind, goal), tower, stages)
        assert all(a >= b >= 1 for a, b in zip((patches, *counts), counts))
        cost = relative_cost(kind, tower, stages, counts)
        # Within 2 %, or no single token of any stage brings it closer.
        near = abs(cost - goal) <= 0.02 * goal
        fewer = [count - 1 for count in counts]
        token = abs(relative_cost(kind, tower, stages, fewer) - cost)
        assert near or abs(cost - goal) <= max(token, 1e-9)


def test_schedule_keeps_the_shape_of_the_paper():
    assert removal_pattern(3) == pytest.approx((1 / 6, 7 / 12, 1))
    assert removal_pattern(1) == (1.0,)
    assert removal_pattern(5)[::2] == pytest.approx(removal_pattern(3))
    ratio = relative_cost('tokens', BASE, PAPER, (176, 127, 78))
    counts = solve_counts(Budget('tokens', ratio), BASE, PAPER)
    assert all(abs(a - b) <= 1 for a, b in zip(counts, (176, 127, 78)))


def test_solver_is_deterministic_and_towers_share_solutions():
    budget = read_budget('flops:0.8')
    first = solve_counts(budget, BASE, PAPER)
    assert solve_counts(budget, BASE, PAPER) == first
    one, other = (tiny_vit(budgeted('flops:0.9')) for _ in range(2))
    known = one.reducer._budget.counts(64)
    assert other.reducer._budget.counts(64) is known


def test_reducer_solves_for_the_size_of_each_image():
    vit = tiny_vit(budgeted('tokens:0.7', LITE_PLACES))
    for images in (IMAGES, torch.randn(2, 3, 96, 80)):
        lengths = tokens_per_layer(
            vit, images, Hints(guidance=GUIDANCE[: len(images)])
        )
        dense = images.shape[2] * images.shape[3] // 64 + 1
        assert sum(lengths) / (12 * dense) == pytest.approx(0.7, rel=0.02)


def test_default_stages_take_a_budget_instead_of_their_ratios():
    vit = tiny_vit(dict(type='elip_mm.ELIPReducer', budget='flops:0.9'))
    assert vit.reducer.num_keep(2, 64, 1) < vit.reducer.num_keep(0, 64, 1)


def test_whole_budget_is_the_dense_tower():
    vit = tiny_vit(budgeted('flops:1'))
    tokens = vit.encode(IMAGES, HINTS).tokens
    assert torch.equal(tokens, tiny_vit().encode(IMAGES).tokens)


def test_budget_out_of_reach_is_refused_when_built():
    with pytest.raises(ValueError, match=r'only 0\.\d+ to 1\.\d+'):
        tiny_vit(budgeted('flops:0.3'))


@pytest.mark.parametrize('budget', ['flops', 'memory:0.7', 'flops:1.5', '0.7'])
def test_budget_that_makes_no_sense_is_refused(budget):
    with pytest.raises(ValueError, match='flops:0.75'):
        tiny_vit(budgeted(budget))


def test_budget_and_counts_contradict():
    with pytest.raises(ValueError, match='keep_counts'):
        tiny_vit(budgeted('flops:0.9', keep_counts=(40, 30, 20)))
