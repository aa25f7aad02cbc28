# Copyright (c) elip_mm contributors. All rights reserved.
"""The study as a program: its command line becomes runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from elip_mm.launch import compare as program
from elip_mm.study import Run

CONFIGS = Path(__file__).parents[2] / 'configs/clip'
DENSE = CONFIGS / 'clip_tiny_dense_1xb64_synthetic-scenes-64px.py'
ELIP = CONFIGS / 'clip_tiny_elip_1xb64_synthetic-scenes-64px.py'


def read_runs(*recipes):
    args = program.parse_args(
        [*recipes, '--work-dir', 'out', '--cfg-options', 'a=1', 'b=2']
    )
    return program.read_runs(args)


def test_runs_have_folders_and_options_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = 'configs/clip/' + ELIP.name
    dense, elip = read_runs(f'dense={DENSE}', f'elip={shipped}')
    folder = dense.work_dir.parent
    assert dense == Run('dense', DENSE, folder / 'dense', ('a=1', 'b=2'))
    assert elip.config.is_file() and elip.work_dir == folder / 'elip'


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match='write NAME=CONFIG'):
        read_runs(str(DENSE))
    with pytest.raises(ValueError, match="two recipes are called 'x'"):
        read_runs(f'x={DENSE}', f'x={ELIP}')
    with pytest.raises(FileNotFoundError, match='no config nowhere.py'):
        read_runs('x=nowhere.py')


def test_all_recipes_are_checked_before_the_first_is_trained(
    monkeypatch, capsys
):
    monkeypatch.setattr(program, 'train_and_test', lambda run: 1 / 0)
    options = ['--cfg-options', 'model.vision_backbone.reducer.keep=1']
    recipes = [f'elip={ELIP}', f'dense={DENSE}', '--work-dir', 'out']
    monkeypatch.setattr(sys, 'argv', ['x', *recipes, *options])
    with pytest.raises(SystemExit) as stop:
        program.main()
    assert stop.value.code == 2
    assert "elip_mm.ELIPReducer takes no 'keep'" in capsys.readouterr().err


def test_a_tool_that_fails_is_named(monkeypatch, tmp_path, capsys):
    def fail(run):
        raise subprocess.CalledProcessError(2, ['python', 'tools/train.py'])

    monkeypatch.setattr(program, 'train_and_test', fail)
    monkeypatch.setattr(program, 'estimate_time', lambda *args: 'an hour')
    command = ['x', f'dense={DENSE}', '--work-dir', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', command)
    with pytest.raises(SystemExit, match='dense came to no end.*train.py'):
        program.main()
    assert capsys.readouterr().out.startswith('an hour')
