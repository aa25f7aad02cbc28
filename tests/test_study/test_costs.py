# Copyright (c) elip_mm contributors. All rights reserved.
"""Costs of a step on its own data, and times in turns."""

import pytest

from elip_mm.apis import build_model
from elip_mm.study import measure_costs, time_steps
from elip_mm.study.costs import load_batch, mentioned_mask


def test_checkpoints_are_loaded_strictly(finished):
    cfg = finished[0].load_config()
    cfg.model.vision_backbone.arch.num_layers = 5
    with pytest.raises(ValueError, match='unknown to the model'):
        measure_costs(cfg, finished[0].checkpoint, batch_size=2)


def test_steps_are_timed_in_turns(finished):
    recipes = {run.name: run.load_config() for run in finished}
    times = time_steps(recipes, batch_size=2, rounds=1)
    assert list(times) == ['dense', 'elip'] and min(times.values()) > 0


def test_without_boxes_nothing_is_mentioned(finished):
    cfg = finished[0].load_config()
    batch = load_batch(cfg, build_model(cfg), 2)
    mask = mentioned_mask(batch, (8, 8))
    assert mask.shape == (2, 64) and mask.any() and not mask.all()
    for sample in batch.samples:
        del sample.boxes
    assert mentioned_mask(batch, (8, 8)) is None


def test_costs_of_the_tiny_recipes(finished):
    dense, elip = (
        measure_costs(run.load_config(), batch_size=4) for run in finished
    )
    assert dense.tokens == (65,) * 6
    assert elip.tokens == (65, 59, 43, 43, 43, 27)
    assert elip.flops < dense.flops
    assert elip.saved_bytes < dense.saved_bytes
    # Everything is kept, so this is the share among all patches.
    assert 0 < dense.mentioned_share < 1
