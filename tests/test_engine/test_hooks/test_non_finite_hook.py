# Copyright (c) elip_mm contributors. All rights reserved.
"""Numbers that are not finite never reach weights or checkpoints."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

from elip_mm.engine.hooks import NonFiniteHook
from elip_mm.engine.hooks.non_finite_report import (
    describe_batch,
    describe_cause,
    describe_terms,
)
from elip_mm.registry import HOOKS, MODELS
from elip_mm.utils import register_all_modules
from tests.support.processes import one_at_a_time, run_ranks
from tests.support.tiny_momentum import (
    settings,
    tiny_pretrainer,
    total,
    toy_pairs,
)
from tests.support.toy_project import ToyModel

TOY = Path(__file__).parents[2] / 'support/toy_config.py'
NAN = float('nan')


@MODELS.register_module()
class BrittleToyModel(ToyModel):
    """Gives two loss terms, one of which breaks in some iterations.

    Args:
        at (dict): Iterations, counted from 1, and what is multiplied by NaN
            there: 'loss', 'gradient', or 'constant' for an infinite term
            without gradient.
    """

    def __init__(self, at):
        super().__init__()
        self.at = at
        self.done = 0

    def forward(self, inputs, target, mode='tensor'):
        out = super().forward(inputs, target, mode)
        if mode != 'loss':
            return out
        self.done += 1
        fault = self.at.get(self.done)
        loss, zero = out['loss'], self.last.weight.sum() * 0
        if fault == 'loss':
            zero = zero * NAN
        if fault == 'gradient':  # 0 at 0, where the slope is infinite
            zero = zero.square().sqrt() * 0
        if fault == 'constant':
            zero = zero.detach() + float('inf')
        return dict(loss_good=loss, loss_other=zero)


@HOOKS.register_module()
class WeightsHook(Hook):
    """Notes the weights before each iteration.

    Args:
        seen (list): Where to.
    """

    def __init__(self, seen):
        self.seen = seen

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen.append(runner.model.last.weight.detach().clone())


def build(folder, at, **changes):
    register_all_modules()
    cfg = Config.fromfile(TOY)
    cfg.merge_from_dict(
        {
            'train_dataloader.collate_fn': dict(type='default_collate'),
            'default_hooks.checkpoint.interval': 1,
            'train_cfg.max_epochs': None,
            'train_cfg.max_iters': 8,
            **changes,
        }
    )
    cfg.model = dict(type='elip_mm.BrittleToyModel', at=at)
    cfg.custom_hooks = []
    cfg.work_dir, cfg.launcher = str(folder), 'none'
    cfg.experiment_name = f'{folder.parent.name}-{folder.name}-{os.getpid()}'
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    runner, seen = Runner.from_cfg(cfg), []
    runner.register_hook(WeightsHook(seen))
    return runner, seen


SKIP = {'default_hooks.non_finite.action': 'skip'}


@pytest.mark.parametrize(
    'fault, words',
    [
        ('loss', 'loss_other is nan'),
        ('constant', 'loss_other is inf'),
        ('gradient', 'finite, but the gradient of last.weight is not'),
    ],
)
def test_stops_before_the_step(tmp_path, fault, words):
    runner, seen = build(tmp_path, {3: fault})
    with pytest.raises(FloatingPointError) as caught:
        runner.train()
    assert f'Iteration 3 (epoch 1): {words}' in str(caught.value) or (
        f'all losses are {words}' in str(caught.value)
    )
    assert 'iter_2.pth' in str(caught.value)
    assert torch.equal(runner.model.last.weight, seen[2])
    files = sorted(path.name for path in tmp_path.glob('*.pth'))
    assert files == ['iter_1.pth', 'iter_2.pth']
    for name in files:
        weights = torch.load(tmp_path / name)['state_dict']
        assert all(value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize('fault', ['loss', 'constant', 'gradient'])
def test_skips_the_step_alone(tmp_path, fault):
    runner, seen = build(tmp_path, {3: fault, 5: fault}, **SKIP)
    runner.train()
    moved = [not torch.equal(a, b) for a, b in zip(seen, seen[1:])]
    assert moved == [True, True, False, True, False, True, True]
    assert torch.stack(seen).isfinite().all()
    state = runner.optim_wrapper.state_dict()['state'][0]
    assert state['step'] == 6 and state['exp_avg'].isfinite().all()
    logged = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(logged) == (8 if fault == 'gradient' else 6)
    assert all(torch.tensor(logged).isfinite())


@pytest.mark.parametrize('fault', ['loss', 'constant'])
def test_an_accumulated_step_is_skipped_whole(tmp_path, fault):
    runner, seen = build(
        tmp_path,
        {5: fault},
        **SKIP,
        **{
            'optim_wrapper.accumulative_counts': 3,
            'train_cfg.max_iters': 10,
            'default_hooks.checkpoint.interval': 3,
        },
    )
    runner.train()
    moved = [not torch.equal(a, b) for a, b in zip(seen, seen[1:])]
    # Steps after 3, 6 and 9 iterations; that of 4, 5, 6 is left out.
    assert [i + 1 for i, m in enumerate(moved) if m] == [3, 9]


def test_patience_ends(tmp_path):
    runner, _ = build(
        tmp_path,
        dict.fromkeys(range(3, 9), 'loss'),
        **SKIP,
        **{'default_hooks.non_finite.patience': 4},
    )
    with pytest.raises(FloatingPointError, match='4 steps in a row were left'):
        runner.train()
    assert runner.iter == 5


def test_broken_weights_are_not_skipped(tmp_path):
    runner, _ = build(tmp_path, {}, **SKIP)
    with torch.no_grad():
        runner.model.first.bias[3] = NAN
    with pytest.raises(FloatingPointError, match='not finite: first.bias'):
        runner.train()
    assert not list(tmp_path.glob('*.pth'))


def _one_rank_breaks(rank, folder):
    """Both ranks have finite gradients; the loss of one is not finite."""
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    runner = SimpleNamespace(
        model=model,
        optim_wrapper=OptimWrapper(optimizer),
        cfg={},
        iter=0,
        epoch=0,
        message_hub=SimpleNamespace(runtime_info={}),
    )
    hook = NonFiniteHook()
    hook.before_train(runner)
    hook.before_train_iter(runner, 0)
    hook._note_terms(
        model, (), dict(loss_a=torch.tensor(float('inf') if rank else 1.0))
    )
    before = model.weight.clone()
    runner.optim_wrapper.update_params(model(torch.ones(3, 2)).sum())
    unmoved = torch.equal(model.weight, before)
    try:
        hook.after_train_iter(runner, 0, {})
        message = 'went on'
    except FloatingPointError as error:
        message = str(error)
    Path(folder, f'{rank}.txt').write_text(f'{unmoved} {message}')


@one_at_a_time
def test_processes_decide_alike(tmp_path):
    run_ranks(_one_rank_breaks, tmp_path, str(tmp_path))
    first, second = (
        (tmp_path / f'{rank}.txt').read_text() for rank in range(2)
    )
    assert first.startswith('True training stopped before a step was made.')
    assert 'of another process is not finite' in first
    assert second.startswith('True training') and 'loss_a is inf' in second


@pytest.mark.slow
def test_a_compiled_step_is_guarded(tmp_path):
    runner, seen = build(
        tmp_path, {3: 'loss'}, **SKIP, compile=dict(backend='eager')
    )
    runner.train()
    assert torch.equal(seen[2], seen[3]) and not torch.equal(seen[3], seen[4])


def test_images_are_named():
    inputs = torch.zeros(3, 3, 4, 4)
    inputs[1, 0, 0, 0] = NAN
    samples = [DataSample(metainfo=dict(image_id=i)) for i in (7, 8, 9)]
    batch = dict(inputs=inputs, data_samples=samples)
    assert describe_batch(batch) == 'Images of the batch: 7, 8, 9.'
    assert describe_batch(batch, 2).endswith(': 7, 8, ... (3 in all).')
    cause = describe_cause(torch.nn.Linear(1, 1), batch)
    assert cause == 'Pixels of these are not finite: 8.'
    assert 'does not say' in describe_batch(dict(inputs=inputs))


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_a_momentum_model_survives_a_broken_image(family):
    heads = settings(family)['heads']
    heads['itm']['negatives'] = 'sample'  # as in all recipes
    model = tiny_pretrainer(family, heads=heads)
    images, ids = toy_pairs(4)
    images[2, 0, 5, 5] = NAN
    losses = model.compute_losses(images, ids)
    assert describe_terms(losses, None).startswith('loss_itc is nan, and so')
    # The queue took the good features of the batch, and nothing else.
    assert all(buffer.isfinite().all() for buffer in model.buffers())
    assert model.queue.queue_ptr == 4
    images[2] = 0
    assert total(model.compute_losses(images, ids)).isfinite()


def test_features_are_named_where_weights_and_pixels_are_sound():
    model = tiny_pretrainer('albef', None)
    images, _ = toy_pairs(2)
    with torch.no_grad():
        next(model.vision_neck.parameters()).fill_(3e38)
    samples = [DataSample(metainfo=dict(image_id=i)) for i in range(2)]
    for sample in samples:
        sample.set_field('a dog', 'text')
    cause = describe_cause(model, dict(inputs=images, data_samples=samples))
    assert 'features or scores are not: image_feat' in cause
    assert model.training


@pytest.mark.parametrize('wrong', [dict(action='go'), dict(patience=0)])
def test_arguments(wrong):
    with pytest.raises(ValueError, match='NonFiniteHook: '):
        NonFiniteHook(**wrong)
