# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from elip_mm.engine.hooks import TokenPictureHook

from .test_token_map_hook import CONFIG, ROOT


def test_every_so_manieth_sample_is_drawn(tmp_path):
    cfg = Config.fromfile(ROOT / CONFIG)
    cfg.work_dir = str(tmp_path)
    cfg.log_level = 'WARNING'
    cfg.experiment_name = tmp_path.name
    cfg.test_dataloader.dataset.num_scenes = 10
    cfg.test_dataloader.batch_size = 4
    cfg.default_hooks.visualization.update(
        enable=True, out_dir=str(tmp_path / 'show'), interval=3
    )
    metrics = Runner.from_cfg(cfg).test()
    assert 'i2t/retrieval/Recall@1' in metrics
    names = sorted(path.name for path in (tmp_path / 'show').iterdir())
    assert names == ['000000.png', '000003.png', '000006.png', '000009.png']


def test_interval_is_checked():
    with pytest.raises(ValueError, match='at least 1'):
        TokenPictureHook(interval=0)
