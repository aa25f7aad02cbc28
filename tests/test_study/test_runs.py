# Copyright (c) elip_mm contributors. All rights reserved.
"""Runs are brought to their end once, and resume if they are interrupted."""

import pytest

from elip_mm.study import Run, runs, train_and_test

from .conftest import DENSE, ELIP


def test_a_finished_run_is_not_repeated(calls, tmp_path):
    run = Run('dense', DENSE, tmp_path / 'dense')
    assert train_and_test(run) and len(calls) == 2
    assert '--resume' not in calls[0][1]
    assert calls[1][1][1] == str(tmp_path / 'dense/iter_9.pth')
    assert not train_and_test(run) and len(calls) == 2


def test_another_recipe_starts_anew(calls, tmp_path):
    train_and_test(Run('x', DENSE, tmp_path))
    changed = Run('x', DENSE, tmp_path, ('train_cfg.max_epochs=1',))
    assert train_and_test(changed)
    assert '--resume' not in calls[2][1]
    assert calls[2][1][-2:] == ('--cfg-options', 'train_cfg.max_epochs=1')
    assert changed.load_config().train_cfg.max_epochs == 1


def test_an_interrupted_run_resumes(calls, tmp_path, monkeypatch):
    run = Run('dense', DENSE, tmp_path)
    working = runs._call

    def interrupted(tool, *arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, '_call', interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_and_test(run)
    monkeypatch.setattr(runs, '_call', working)
    assert train_and_test(run)
    assert '--resume' in calls[0][1]


def test_overrides_are_read_as_the_tools_read_them(tmp_path):
    options = ('model.init_cfg=None', 'train_dataloader.sizes=[1,2]', 'a.b=x')
    cfg = Run('x', DENSE, tmp_path, options).load_config()
    assert cfg.model.init_cfg is None
    assert cfg.train_dataloader.sizes == [1, 2] and cfg.a.b == 'x'


def test_the_stamp_is_of_recipe_versions_and_code(tmp_path, monkeypatch):
    dense, elip = (Run('x', path, tmp_path) for path in (DENSE, ELIP))
    stamp = dense.stamp()
    assert stamp == Run('y', DENSE, tmp_path / 'y').stamp() != elip.stamp()
    with monkeypatch.context() as patch:
        patch.setattr(runs, 'digest_code', lambda cfg: 'other')
        assert dense.stamp() != stamp
    monkeypatch.setattr(runs.elip_mm, '__version__', '99')
    assert dense.stamp() != stamp


def test_the_commit_is_known_in_a_checkout_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(runs.elip_mm, '__file__', tmp_path / 'elip_mm/x.py')
    assert runs.read_commit() is None


def test_what_changes_during_a_run_is_not_what_was_trained(
    tmp_path, calls, monkeypatch
):
    run = Run('dense', DENSE, tmp_path / 'dense')
    begun = run.stamp()
    call = runs._call

    def change_code(tool, *arguments):
        monkeypatch.setattr(Run, 'stamp', lambda self: 'another')
        call(tool, *arguments)

    monkeypatch.setattr(runs, '_call', change_code)
    assert train_and_test(run)
    assert run.noted() == dict(stamp=begun, done=True) and not run.done
