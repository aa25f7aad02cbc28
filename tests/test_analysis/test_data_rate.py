# Copyright (c) elip_mm contributors. All rights reserved.
"""Rates of the data pipeline; which are high enough is for benchmarks."""

import pytest
from mmengine.config import Config

from elip_mm.analysis.data_rate import PipelineRate, measure_pipeline
from elip_mm.utils import register_all_modules

TINY = 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'


def recipe(**changes):
    register_all_modules()
    cfg = Config.fromfile(TINY)
    cfg.merge_from_dict({'train_dataloader.batch_size': 4, **changes})
    return cfg


def test_both_sides_are_timed(monkeypatch):
    ticks = iter([0.0, 2.0, 10.0, 14.0])
    monkeypatch.setattr(
        'elip_mm.analysis.data_rate.time.perf_counter', lambda: next(ticks)
    )
    rate = measure_pipeline(recipe(), batches=3)
    assert rate == PipelineRate(delivered=3 * 4 / 2, consumed=3 * 4 / 4)
    assert rate.ratio == 2


def test_too_few_batches_are_named():
    cfg = recipe(**{'train_dataloader.dataset.num_scenes': 8})
    with pytest.raises(ValueError, match='has 2 batches'):
        measure_pipeline(cfg, batches=2)
