# Copyright (c) elip_mm contributors. All rights reserved.
"""A batch that was found is used, with a learning rate to match."""

from pathlib import Path

from mmengine import Config

from elip_mm.analysis.batch_size_apply import batch_options, write_recipe

CONFIGS = Path(__file__).parents[2] / 'configs'


def test_applied_batch_scales_the_learning_rate(tmp_path):
    base = CONFIGS / 'clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
    cfg = Config.fromfile(base)
    write_recipe(tmp_path / 'sub/larger.py', str(base), cfg, 96)
    larger = Config.fromfile(tmp_path / 'sub/larger.py')
    assert larger.train_dataloader.batch_size == 96
    assert larger.model == cfg.model
    assert larger.auto_scale_lr == dict(enable=True, base_batch_size=64)
    assert 'train_dataloader.batch_size=96' in batch_options(cfg, 96)
