# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from elip_mm.registry import MODELS
from tests.support.processes import one_at_a_time, run_tool

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
pytestmark = one_at_a_time


@pytest.fixture
def checkpoint(tmp_path):
    model = MODELS.build(Config.fromfile(ROOT / CONFIG).model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'last.pth')
    return tmp_path / 'last.pth'


def test_visualize_tokens_writes_a_row_for_each_image(checkpoint, tmp_path):
    rng = np.random.default_rng(0)
    images = [tmp_path / 'a.png', tmp_path / 'b.jpg']
    for path, shape in zip(images, ((80, 120, 3), (64, 64, 3))):
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path)
    out = tmp_path / 'tokens.png'
    done = run_tool(
        'analysis_tools/visualize_tokens', *images, '--text', 'a red star',
        CONFIG, checkpoint, '--out', out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and lines[-1] == str(out)
    assert all('kept' in line and 'merged into' in line for line in lines[:2])
    assert Image.open(out).size[0] == 4 * 290  # the image and three stages
    done = run_tool(
        'analysis_tools/visualize_tokens', *images, CONFIG, checkpoint,
        *['--text', 'x'] * 3,
    )  # fmt: skip
    assert '2 images, but 3 texts' in done.stderr


def test_get_flops_prints_stages_and_the_tokens_of_every_layer():
    done = run_tool('analysis_tools/get_flops', CONFIG, '--shape', 64, 96)
    assert done.returncode == 0, done.stderr
    # 96 patches: 86, 62 and 38 kept, each with a merged and a class token.
    assert 'entering layers: 97 88 64 64 64 40' in done.stdout
    assert 'look-ahead' in done.stdout and 'in training' in done.stdout
