# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import CheckpointLoader

from elip_mm.launch import build_runner

TOY = Path(__file__).parents[1] / 'support/toy_config.py'


def test_loading_is_safe_whatever_hooks_a_config_has(tmp_path, monkeypatch):
    loaders = dict(CheckpointLoader._schemes)
    loaders[''] = None
    monkeypatch.setattr(CheckpointLoader, '_schemes', loaders)
    cfg = Config.fromfile(TOY)
    cfg.default_hooks.checkpoint = None
    cfg.launcher, cfg.work_dir = 'none', str(tmp_path)
    cfg.experiment_name = tmp_path.name
    build_runner(cfg)
    loader = CheckpointLoader._schemes['']
    assert loader.__module__ == 'elip_mm.checkpoint.loading'
