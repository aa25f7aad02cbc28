# Copyright (c) elip_mm contributors. All rights reserved.
"""A run that stops anywhere and goes on equals one that never stopped."""

import copy
import functools
import random
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook

from elip_mm.engine import ResumableTrainLoop
from elip_mm.launch import build_runner
from elip_mm.registry import HOOKS
from elip_mm.utils.keyed_random import keyed_seed
from tests.support.toy_project import Stopped

CONFIG = Path(__file__).parents[2] / 'support/toy_config.py'


@HOOKS.register_module()
class DiaryHook(Hook):
    """Writes down what a run does.

    Args:
        diary (list): Where to.
    """

    def __init__(self, diary):
        self.diary = diary

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        # Outside of what the loop keys: a use of the process' generators.
        self.diary.append((runner.epoch, batch_idx, runner.iter))

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.diary.append(outputs['loss'].item())

    def before_train_epoch(self, runner):
        self.diary.append(('epoch', runner.epoch))

    def after_train_epoch(self, runner):
        self.diary.append(('after epoch', runner.epoch))

    def after_val_epoch(self, runner, metrics=None):
        self.diary.append((runner.iter, metrics['toy/mse']))


def train(folder, stop_at=None, resume=None, **options):
    """Run the toy project; returns the runner and its diary."""
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(copy.deepcopy(options))
    cfg.work_dir, cfg.launcher = str(folder), 'none'
    cfg.load_from, cfg.resume = resume and str(resume), bool(resume)
    cfg.experiment_name = f'toy-{random.SystemRandom().random()}'
    cfg.train_dataloader.collate_fn = dict(type='default_collate')
    cfg.val_dataloader.collate_fn = dict(type='default_collate')
    cfg.custom_hooks = [dict(type='elip_mm.StopHook', at=stop_at or -1)]
    runner, diary = build_runner(cfg), []
    runner.register_hook(DiaryHook(diary))
    if stop_at is None:
        runner.train()
    else:
        with pytest.raises(Stopped):
            runner.train()
    return runner, diary


@pytest.fixture(scope='module')
def undisturbed(tmp_path_factory):
    """From options to a run that nothing stops, each made only once."""
    runs = {}

    def get(**options):
        key = repr(options)
        if key not in runs:
            runs[key] = train(tmp_path_factory.mktemp('whole'), **options)
        return runs[key]

    return get


@pytest.fixture
def check(undisturbed, tmp_path):
    """Compares an undisturbed run with one that is stopped and resumed."""
    return functools.partial(compare, undisturbed, tmp_path)


def compare(undisturbed, folder, stop_at, saved, **options):
    whole, diary = undisturbed(**options)
    train(folder / 'stopped', stop_at, **options)
    # Nothing may depend on what this process has drawn in the meantime.
    torch.manual_seed(99)
    resumed, rest = train(
        folder / 'stopped',
        resume=folder / f'stopped/iter_{saved}.pth',
        **options,
    )
    for a, b in zip(
        whole.model.parameters(), resumed.model.parameters(), strict=True
    ):
        assert torch.equal(a, b)
    start = next(
        i
        for i, entry in enumerate(diary)
        if isinstance(entry, tuple) and entry[2:] == (saved,)
    )
    assert rest[0] == ('epoch', saved // 16)
    assert rest[1:] == diary[start:]
    return resumed


@pytest.mark.parametrize('workers', [0, 2])
def test_middle_of_an_epoch(check, workers):
    options = {'train_dataloader.num_workers': workers}
    resumed = check(24, 20, **options)
    if workers == 0:
        # Batches 5 to 16 of the second epoch: what came before is not read.
        assert len(resumed.train_dataloader.dataset.read) == 12 * 4


def test_any_epoch_and_batch(check):
    check(6, 5)
    check(31, 30)


def test_end_of_an_epoch_resumes_with_its_validation(undisturbed, tmp_path):
    options = {'default_hooks.checkpoint.interval': 16}
    _, diary = undisturbed(**options)
    train(tmp_path / 'stopped', 16, **options)
    _, rest = train(
        tmp_path / 'stopped',
        resume=tmp_path / 'stopped/iter_16.pth',
        **options,
    )
    end = diary.index(('after epoch', 0))
    assert diary[end + 1][0] == 16  # the validation
    assert rest == [('epoch', 0), *diary[end:]]


def test_checkpoints_by_epoch_resume_too(undisturbed, tmp_path):
    options = {
        'default_hooks.checkpoint.by_epoch': True,
        'default_hooks.checkpoint.interval': 1,
    }
    _, diary = undisturbed(**options)
    train(tmp_path / 'stopped', 20, **options)
    _, rest = train(
        tmp_path / 'stopped',
        resume=tmp_path / 'stopped/epoch_1.pth',
        **options,
    )
    assert rest == diary[diary.index(('epoch', 1)) :]


def test_randomness_of_the_data_without_key(check):
    # Data that draws from the generators of the process goes on from the
    # random states in the checkpoint.
    check(24, 20, **{'train_dataloader.dataset.keyed': False})


def test_seed_that_nobody_chose(tmp_path):
    check_options = {'randomness.seed': None}
    train(tmp_path, 24, **check_options)
    checkpoint = tmp_path / 'iter_20.pth'
    first, rest = train(tmp_path / '1', resume=checkpoint, **check_options)
    again, same = train(tmp_path / '2', resume=checkpoint, **check_options)
    assert first.seed == again.seed and rest == same
    assert first.train_dataloader.sampler.seed == first.seed


def test_other_samplers_read_consumed_batches_again(check):
    sampler = dict(_delete_=True, type='DefaultSampler', shuffle=True)
    resumed = check(24, 20, **{'train_dataloader.sampler': sampler})
    assert len(resumed.train_dataloader.dataset.read) == 16 * 4


def test_length_and_validation_in_iterations(check, undisturbed, tmp_path):
    options = {
        'train_cfg': dict(
            _delete_=True,
            type='elip_mm.ResumableTrainLoop',
            max_iters=27,
            val_by_epoch=False,
            val_interval=9,
        )
    }
    resumed = check(24, 20, **options)
    assert (resumed.max_iters, resumed.max_epochs) == (27, 2)
    whole, diary = undisturbed(**options)
    validated = [
        x[0] for x in diary if isinstance(x, tuple) and isinstance(x[1], float)
    ]
    assert validated == [9, 18, 27]
    # The second epoch ends early, and is ended after the last validation.
    assert diary[-1] == ('after epoch', 1)
    assert (diary[-2][0], type(diary[-2][1])) == (27, float)
    # A finished training can be made longer, though it ended within an epoch.
    options['train_cfg']['max_iters'] = 34
    longer, rest = train(
        tmp_path / 'longer', resume=f'{whole.work_dir}/iter_27.pth', **options
    )
    assert rest[1] == (1, 11, 27) and longer.iter == 34


def test_other_epoch_length_is_refused(tmp_path):
    train(tmp_path, 24)
    with pytest.raises(ValueError, match='16 batches an epoch.* has 32'):
        train(
            tmp_path,
            resume=tmp_path / 'iter_20.pth',
            **{'train_dataloader.batch_size': 2},
        )


@pytest.mark.parametrize('lengths', [{}, dict(max_epochs=1, max_iters=1)])
def test_exactly_one_length(lengths):
    with pytest.raises(ValueError, match='exactly one of max_epochs'):
        ResumableTrainLoop(None, None, **lengths)


def test_epoch_without_a_batch_is_refused(tmp_path):
    with pytest.raises(ValueError, match='smaller batch_size or drop_last'):
        train(
            tmp_path,
            **{
                'train_dataloader.batch_size': 65,
                'train_dataloader.drop_last': True,
            },
        )


def test_keyed_seed_is_stable_and_spread():
    assert keyed_seed(0, 1, 2) == keyed_seed(0, 1, 2) == 603432347784401458
    seeds = {
        keyed_seed(a, b, c)
        for a in range(10)
        for b in range(10)
        for c in range(10)
    }
    assert len(seeds) == 1000
    assert max(seeds) < 2**63
