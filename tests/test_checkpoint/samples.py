# Copyright (c) elip_mm contributors. All rights reserved.
"""Checkpoints as other code, and as nobody should, writes them."""

import os
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch import nn

from elip_mm.utils import register_all_modules

TOY = Path(__file__).parents[1] / 'support/toy_config.py'


def foreign_checkpoint():
    """What mmengine saves without our hook."""
    return dict(
        meta=dict(epoch=1, iter=7, cfg='a = 1'),
        state_dict=nn.Linear(2, 3).state_dict(),
        message_hub=dict(
            log_scalars={
                'train/loss': HistoryBuffer([3.0, 2.0], [1, 1]),
                'train/num': HistoryBuffer([3, 2], [1, 1]),
            },
            runtime_info=dict(eta=np.float64(3.5), step=np.int64(4)),
            resumed_keys={'train/loss': True},
        ),
    )


class Evil:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def resumable():
    """The least that a training goes on from."""
    return dict(
        meta=dict(epoch=1, iter=7, seed=None),
        state_dict=dict(weight=torch.ones(2)),
        message_hub=dict(
            log_scalars={}, runtime_info=dict(step=1), resumed_keys={}
        ),
    )


def toy_runner(folder, hooks=None, **changes):
    """The toy runner as mmengine alone would build it."""
    register_all_modules()
    cfg = Config.fromfile(TOY)
    if hooks is not None:
        cfg.default_hooks = hooks
    cfg.merge_from_dict(changes)
    cfg.custom_hooks = []  # as users set it
    cfg.work_dir, cfg.launcher = str(folder), 'none'
    cfg.experiment_name = f'toy-{folder.name}-{len(os.listdir(folder))}'
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
    cfg.param_scheduler = None
    cfg.train_dataloader.collate_fn = dict(type='default_collate')
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    kind = cfg.get('runner_type')
    return RUNNERS.build(cfg) if kind else Runner.from_cfg(cfg)
