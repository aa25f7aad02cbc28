# Copyright (c) elip_mm contributors. All rights reserved.
"""A project so small that a training takes a second; see toy_config.py."""

import os
import signal

import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

from elip_mm.registry import DATASETS, HOOKS, METRICS, MODELS


@DATASETS.register_module()
class ToyDataset(Dataset):
    """Numbers and their sum, with noise.

    Args:
        size (int): Number of samples. Defaults to 64.
        keyed (bool): Whether noise depends on index and epoch only, or comes
            from the generator of the process. Defaults to True.
        wide (bool): Whether there is a number more than the model reads.
            Defaults to False.
    """

    metainfo = dict(classes=('toy',))

    def __init__(self, size=64, keyed=True, wide=False):
        self.size = size
        self.wide = wide
        self.keyed = keyed
        self.read = []

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        self.read.append(int(index))
        epoch = getattr(index, 'epoch', 0)
        generator = torch.Generator().manual_seed(1000 * epoch + index)
        noise = torch.randn(8, generator=generator if self.keyed else None)
        clean = torch.randn(
            8, generator=torch.Generator().manual_seed(int(index))
        )
        inputs = clean + 0.1 * noise
        if self.wide:
            inputs = torch.cat([inputs, inputs[:1]])
        return dict(inputs=inputs, target=clean.sum())


@MODELS.register_module()
class ToyModel(BaseModel):
    """Two layers with dropout.

    Args:
        width (int): Width in between. Defaults to 16.
    """

    def __init__(self, width=16):
        super().__init__()
        self.first = nn.Linear(8, width)
        self.last = nn.Linear(width, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, inputs, target, mode='tensor'):
        out = self.last(self.dropout(self.first(inputs).relu())).squeeze(-1)
        if mode == 'tensor':
            return out
        error = (out - target).square()
        if mode == 'loss':
            return dict(loss=error.mean())
        return [dict(pred=p, error=e) for p, e in zip(out, error)]


@METRICS.register_module()
class ToyMetric(BaseMetric):
    """Mean squared error."""

    default_prefix = 'toy'

    def process(self, data_batch, data_samples):
        self.results.extend(s['error'].item() for s in data_samples)

    def compute_metrics(self, results):
        return dict(mse=sum(results) / len(results), num=len(results))


class Stopped(Exception):
    """Stands in for a crash where the process has to go on."""


@HOOKS.register_module()
class StopHook(Hook):
    """End a run the hard way after some iteration.

    Args:
        at (int, optional): The iteration, counted from 1. If None, that of
            the environment variable TOY_KILL_AT, and the process is killed.
    """

    priority = 'LOWEST'

    def __init__(self, at=None):
        self.at = at or int(os.environ.get('TOY_KILL_AT', 0))
        self.kill = at is None

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ):
        if runner.iter + 1 != self.at:
            return
        if self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Stopped
