# Copyright (c) elip_mm contributors. All rights reserved.
"""What rules when a run resumes with other settings."""

import pytest
import torch

from tests.test_engine.test_loops.test_resumable_train_loop import train

MORE = {'train_cfg.max_epochs': 4}
LOWER = {'optim_wrapper.optimizer.lr': 5e-4}


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
    """A checkpoint of iteration 20 of 32."""
    folder = tmp_path_factory.mktemp('stopped')
    train(folder, 23)
    return folder / 'iter_20.pth'


def rates(runner):
    """The rate of each iteration of a finished run, as logged."""
    return runner.message_hub.get_scalar('train/lr').data[0].tolist()


def read_log(runner):
    (path,) = [h.baseFilename for h in runner.logger.handlers[1:]]
    with open(path) as file:
        return file.read()


def test_same_settings_are_no_news(stopped, tmp_path):
    runner, _ = train(tmp_path, resume=stopped)
    assert 'settings of the checkpoint' not in read_log(runner)


def test_other_settings_are_told_with_both_values(stopped, tmp_path):
    runner, _ = train(tmp_path, 21, resume=stopped, **MORE, **LOWER)
    log = read_log(runner)
    assert 'goes on with the settings of the checkpoint' in log
    for line in (
        'param_scheduler.1.T_max: 27 in the checkpoint, 59 in the config',
        'param_scheduler.1.end: 32 in the checkpoint, 64 in the config',
        'optimizer.lr: 0.001 in the checkpoint, 0.0005 in the config',
        "set resume_settings='config'",
    ):
        assert line in log


def test_settings_of_the_config_on_request(stopped, tmp_path):
    changes = {**MORE, **LOWER}
    whole, _ = train(tmp_path / 'whole', **changes)
    resumed, _ = train(
        tmp_path / 'resumed',
        resume=stopped,
        resume_settings='config',
        **changes,
    )
    # As if the run had had them from the start.
    assert rates(resumed)[20:] == rates(whole)[20:]
    kept = torch.load(stopped)['optimizer']['state'][0]['step']
    last = resumed.optim_wrapper.state_dict()['state'][0]['step']
    assert kept == 20 and last == resumed.max_iters


def test_an_unknown_choice_is_refused(stopped, tmp_path):
    with pytest.raises(ValueError, match="must be 'checkpoint' or 'config'"):
        train(tmp_path, resume=stopped, resume_settings='both')


def test_another_kind_of_schedule_needs_the_request(stopped, tmp_path):
    other = dict(param_scheduler=[dict(type='StepLR', step_size=1)])
    with pytest.raises(ValueError, match='of another kind.*\n.*step_size'):
        train(tmp_path, resume=stopped, **other)
    runner, _ = train(
        tmp_path, resume=stopped, resume_settings='config', **other
    )
    assert rates(runner)[-1] == pytest.approx(1e-4)
