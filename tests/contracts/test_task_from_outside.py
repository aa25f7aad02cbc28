# Copyright (c) elip_mm contributors. All rights reserved.
"""A task is one file: nothing of the library is touched for it."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from elip_mm.launch import build_runner

from . import toy_task

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runner(tmp_path):
    """A run of the toy task on drawn scenes, with a reduced tower."""
    (recipe,) = (ROOT / 'configs/clip').glob('clip_tiny-from-noise_elip_*.py')
    cfg = Config.fromfile(recipe)
    cfg.model.update(
        type='elip_mm.LargestShapeModel',
        num_classes=8,
        joint_dims=64,
        heads=None,
    )
    pack = dict(type='mmpretrain.PackInputs', algorithm_keys=['text'])
    for name in ('train', 'val'):
        loader = cfg[f'{name}_dataloader']
        loader.update(batch_size=4)
        loader.dataset.update(num_scenes=8, test_mode=False, pipeline=[pack])
    cfg.val_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
    cfg.val_evaluator = dict(type='mmpretrain.Accuracy', topk=(1,))
    cfg.val_cfg = dict()
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    cfg.train_cfg.max_epochs = 2
    cfg.param_scheduler = []
    cfg.launcher, cfg.work_dir, cfg.log_level = 'none', str(tmp_path), 'ERROR'
    cfg.experiment_name = f'task-{tmp_path.name}'
    return build_runner(cfg)


def test_it_trains_and_validates(runner):
    before = runner.model.classifier.weight.detach().clone()
    runner.train()
    assert not torch.equal(runner.model.classifier.weight, before)
    hub = runner.message_hub
    accuracy = hub.get_scalar('val/accuracy/top1').current()
    assert 0 <= accuracy <= 100
    losses = torch.tensor(hub.get_scalar('train/loss').data[0])
    assert len(losses) == 4 and torch.isfinite(losses).all()


def test_it_reduces_in_training_and_not_in_predictions(runner):
    model, lengths = runner.model, []
    encode = model.vision_backbone.encode

    def watched(*args, **kwargs):
        state = encode(*args, **kwargs)
        lengths.append(state.num_patch_tokens)
        return state

    model.vision_backbone.encode = watched
    data = next(iter(runner.train_dataloader))
    model(**model.data_preprocessor(data, True), mode='loss')
    model(**model.data_preprocessor(data, False), mode='predict')
    assert lengths[0] < lengths[1] == 64


def test_it_is_short():
    lines = Path(toy_task.__file__).read_text().splitlines()
    assert len(lines) < 60
