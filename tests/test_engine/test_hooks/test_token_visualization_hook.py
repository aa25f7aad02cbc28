# Copyright (c) elip_mm contributors. All rights reserved.
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from elip_mm.engine.hooks import token_visualization_hook

ROOT = Path(__file__).parents[3]
CONFIG = 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'


def make_config(folder, *hooks):
    cfg = Config.fromfile(ROOT / CONFIG)
    cfg.work_dir = str(folder)
    cfg.log_level = 'WARNING'
    cfg.train_cfg.max_epochs = 1
    cfg.train_dataloader.dataset.num_scenes = 12
    cfg.train_dataloader.batch_size = 4
    cfg.val_dataloader.dataset.num_scenes = 8
    cfg.val_dataloader.batch_size = 8
    cfg.default_hooks.logger.interval = 1
    cfg.param_scheduler = []
    cfg.experiment_name = folder.name  # or two runners share a logger
    cfg.model.text_encoder.num_layers = 1
    cfg.custom_hooks = [*cfg.custom_hooks, *hooks]
    return cfg


def losses(runner):
    folder = Path(runner.work_dir) / runner.timestamp / 'vis_data'
    lines = (folder / 'scalars.json').read_text().splitlines()
    lines = [json.loads(line) for line in lines]
    return [line['loss'] for line in lines if 'loss' in line], lines, folder


def test_fixed_samples_are_drawn_and_the_training_is_not_touched(tmp_path):
    hooks = [
        dict(
            type='elip_mm.TokenVisualizationHook',
            enable=True,
            interval=2,
            indices=(1, 5),
        ),
        dict(type='elip_mm.EfficiencyHook', interval=2),
        dict(
            type='elip_mm.PruningScheduleHook',
            points=[dict(at=0, strength=1.0)],
        ),
    ]
    watched = Runner.from_cfg(make_config(tmp_path / 'a', *hooks))
    watched.train()
    alone = Runner.from_cfg(make_config(tmp_path / 'b'))
    alone.train()
    found, lines, folder = losses(watched)
    assert found == losses(alone)[0] and len(found) == 3
    weights = alone.model.state_dict()
    for name, value in watched.model.state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert lines[0]['mean_tokens'] == pytest.approx(280 / 6)
    pictures = sorted(p.name for p in (folder / 'vis_image').iterdir())
    assert pictures == [
        'tokens_1_0.png',
        'tokens_1_2.png',
        'tokens_5_0.png',
        'tokens_5_2.png',
    ]


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(indices=(99,)), 'no sample 99 in SyntheticScenes, which has 8'),
        (dict(interval=0), 'interval must be at least 1'),
        (dict(indices=()), 'at least one sample'),
    ],
)
def test_unfit_settings_fail_before_the_first_step(
    settings, message, tmp_path
):
    hook = dict(type='elip_mm.TokenVisualizationHook', enable=True, **settings)
    with pytest.raises(ValueError, match=message):
        Runner.from_cfg(make_config(tmp_path, hook)).train()


def test_every_third_sample_of_a_test_is_drawn(tmp_path):
    cfg = make_config(tmp_path)
    cfg.test_dataloader.dataset.num_scenes = 10
    cfg.test_dataloader.batch_size = 4
    cfg.default_hooks.visualization.update(
        enable=True, out_dir=str(tmp_path / 'show'), interval=3
    )
    metrics = Runner.from_cfg(cfg).test()
    assert 'i2t/retrieval/Recall@1' in metrics
    names = sorted(path.name for path in (tmp_path / 'show').iterdir())
    assert names == ['000000.png', '000003.png', '000006.png', '000009.png']


def test_pictures_of_a_test_are_shown(tmp_path, monkeypatch):
    shown = []
    cfg = make_config(tmp_path)
    cfg.test_dataloader.dataset.num_scenes = 4
    cfg.default_hooks.visualization.update(
        enable=True, show=True, interval=2, wait_time=0.5
    )
    runner = Runner.from_cfg(cfg)
    monkeypatch.setattr(
        runner.visualizer,
        'show',
        lambda picture, name, wait: shown.append((name, wait)),
    )
    runner.test()
    assert shown == [('0', 0.5), ('2', 0.5)]


@pytest.mark.parametrize('enable', [False, True])
def test_nothing_is_drawn_that_nobody_sees(enable, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(token_visualization_hook, 'draw_samples', drawn.append)
    cfg = make_config(tmp_path)
    cfg.test_dataloader.dataset.num_scenes = 4
    cfg.default_hooks.visualization.enable = enable
    Runner.from_cfg(cfg).test()
    assert not drawn
