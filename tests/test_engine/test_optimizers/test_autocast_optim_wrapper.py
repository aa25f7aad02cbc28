# Copyright (c) elip_mm contributors. All rights reserved.
import argparse
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import nn

from elip_mm.launch import use_mixed_precision
from elip_mm.registry import OPTIM_WRAPPERS, PARAM_SCHEDULERS
from elip_mm.utils import register_all_modules

SCHEDULES = Path(__file__).parents[3] / 'configs/_base_/schedules'


def test_autocast_wrapper_trains_in_bfloat16():
    layer = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='elip_mm.AutocastOptimWrapper',
            optimizer=optimizer,
            accumulative_counts=2,
            clip_grad=dict(max_norm=1.0),
        )
    )
    before = layer.weight.detach().clone()
    for step in range(2):
        with wrapper.optim_context(layer):
            out = layer(torch.ones(2, 4, device=layer.weight.device))
        assert out.dtype == torch.bfloat16
        wrapper.update_params(out.float().sum())
        assert torch.equal(before, layer.weight) == (step == 0)
    assert layer.weight.dtype == torch.float32


def test_autocast_wrapper_refuses_other_types():
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    with pytest.raises(ValueError, match="but got 'float8'"):
        OPTIM_WRAPPERS.build(
            dict(
                type='elip_mm.AutocastOptimWrapper',
                dtype='float8',
                optimizer=optimizer,
            )
        )


@pytest.mark.parametrize(
    'cuda, dtype, kind',
    [
        (False, None, 'elip_mm.AutocastOptimWrapper'),
        (True, None, 'AmpOptimWrapper'),
        (True, 'bfloat16', 'elip_mm.AutocastOptimWrapper'),
    ],
)
def test_wrapper_that_amp_chooses(monkeypatch, cuda, dtype, kind):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    cfg = Config(dict(optim_wrapper=dict(clip_grad=None)))
    use_mixed_precision(cfg, argparse.Namespace(amp_dtype=dtype))
    assert cfg.optim_wrapper.type == kind
    assert cfg.optim_wrapper.dtype == (
        dtype or ('float16' if cuda else 'bfloat16')
    )
    assert ('loss_scale' in cfg.optim_wrapper) == (kind == 'AmpOptimWrapper')


@pytest.mark.parametrize('name, total', [('32e', 11000), ('tiny', 300)])
def test_learning_rate_of_every_step(name, total):
    cfg = Config.fromfile(SCHEDULES / f'clip_adamw-cosine_{name}.py')
    optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=1e-3)
    schedulers = [
        # The runner fills in the end.
        PARAM_SCHEDULERS.build(
            {'end': total, **part}, default_args=dict(optimizer=optimizer)
        )
        for part in cfg.param_scheduler
    ]
    warmup = cfg.param_scheduler[0].end
    assert warmup == {'32e': 10000, 'tiny': 50}[name]
    for step in range(total):
        if step < warmup:
            wanted = 1e-3 * (step + 1) / warmup
        else:
            done = (step - warmup) / (total - warmup)
            wanted = 0.5e-3 * (1 + math.cos(math.pi * done))
        assert optimizer.param_groups[0]['lr'] == pytest.approx(
            wanted, abs=1e-12
        )
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


def test_what_decays():
    class Tower(nn.Module):
        def __init__(self):
            super().__init__()
            self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
            self.pos_embed = nn.Parameter(torch.zeros(1, 5, 4))
            self.logit_scale = nn.Parameter(torch.zeros(()))
            self.gamma = nn.Parameter(torch.zeros(4))
            self.ln1 = nn.LayerNorm(4)
            self.proj = nn.Linear(4, 4)
            self.again = self.proj

        def no_weight_decay(self):
            return {'logit_scale'}

    register_all_modules()
    model = Tower()
    cfg = Config.fromfile(SCHEDULES / 'clip_adamw-cosine_32e.py')
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert isinstance(wrapper, OptimWrapper)
    decays = {
        id(group['params'][0]): group['weight_decay']
        for group in wrapper.optimizer.param_groups
    }
    names = {
        name
        for name, parameter in model.named_parameters()
        if decays[id(parameter)] > 0
    }
    assert names == {'pos_embed', 'proj.weight'}
    assert {d for d in decays.values()} == {0.0, 0.1}
