# Copyright (c) elip_mm contributors. All rights reserved.
import torch
from mmengine.config import Config

from elip_mm.apis import build_model
from tests.support.processes import ROOT, one_at_a_time, run_tool

CONFIG = 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
pytestmark = one_at_a_time


def test_a_trained_tower_is_written(tmp_path):
    model = build_model(Config.fromfile(ROOT / CONFIG))
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'last.pth')
    done = run_tool(
        'deployment/export_tower', CONFIG, tmp_path / 'last.pth',
        tmp_path / 'tower.pt2', '--reduce', '--cfg-options',
        'model.vision_backbone.reducer.without_guidance=vision',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == f'wrote {tmp_path / "tower.pt2"}\n'
    images = torch.randn(1, 3, 64, 64)
    feature = torch.export.load(tmp_path / 'tower.pt2').module()(images)
    torch.testing.assert_close(feature.norm(), torch.tensor(1.0))


def test_mistakes_are_told_shortly(tmp_path):
    for config, message in (
        ('configs/brew.py', 'there is no config file configs/brew.py'),
        (CONFIG, f'no checkpoint file {tmp_path / "last.pth"}'),
    ):
        done = run_tool(
            'deployment/export_tower', config, tmp_path / 'last.pth', 'x.pt2'
        )
        assert done.returncode == 2 and 'Traceback' not in done.stderr
        assert message in done.stderr
