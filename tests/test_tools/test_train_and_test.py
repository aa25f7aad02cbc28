# Copyright (c) elip_mm contributors. All rights reserved.
"""The tools as a user runs them: in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mmengine
import pytest

from tests.support.processes import (
    free_port,
    one_at_a_time,
    run_tool,
    run_tool_twice,
)

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'tests/support/toy_config.py'
pytestmark = one_at_a_time


def run(*command, **environ):
    """Run a command in the repository, from a cold start."""
    env = {**os.environ, **environ}
    env['PYTHONPATH'] = str(ROOT)
    env['OMP_NUM_THREADS'] = '1'
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
        text=True,
        capture_output=True,
        timeout=300,
    )


def losses(work_dir):
    """Loss by step, for each run in the folder from old to new."""
    runs = []
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        runs.append({x['step']: x['loss'] for x in lines if 'loss' in x})
    return runs


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """Work folder of an undisturbed run."""
    folder = tmp_path_factory.mktemp('finished')
    done = run_tool('train', CONFIG, '--work-dir', folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_killed_run_resumes_as_if_nothing_had_happened(finished, tmp_path):
    killed = run(
        sys.executable,
        'tools/train.py',
        CONFIG,
        '--work-dir',
        tmp_path,
        TOY_KILL_AT='23',
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    time.sleep(1)  # the log of a run is named by the second of its start
    resumed = run_tool('train', CONFIG, '--work-dir', tmp_path, '--resume')
    assert resumed.returncode == 0, resumed.stderr[-3000:]

    [whole], [before, after] = losses(finished), losses(tmp_path)
    assert sorted(whole) == list(range(1, 33))
    assert sorted(before) == list(range(1, 24))
    assert sorted(after) == list(range(21, 33))  # from the one at 20
    assert {**before, **after} == whole


def test_test_writes_metrics_and_predictions(finished, tmp_path):
    out, dump = tmp_path / 'metrics.json', tmp_path / 'predictions.pkl'
    done = run_tool(
        'test',
        CONFIG,
        finished / 'iter_32.pth',
        '--work-dir',
        tmp_path,
        '--out',
        out,
        '--dump',
        dump,
        '--amp',
    )
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = json.loads(out.read_text())
    assert metrics['toy/num'] == 11
    errors = [float(x['error']) for x in mmengine.load(dump)]
    assert sum(errors) / 11 == pytest.approx(metrics['toy/mse'])


@pytest.fixture(scope='module')
def pair(tmp_path_factory):
    """Work folder of two processes that trained to the end."""
    folder = tmp_path_factory.mktemp('pair')
    keep = 'default_hooks.checkpoint.max_keep_ckpts=-1'
    for done in run_tool_twice(
        'train', CONFIG, '--work-dir', folder, '--cfg-options', keep
    ):
        assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_two_processes_of_the_script_resume(pair, tmp_path):
    # 8 batches an epoch and process: iteration 10 is in the middle of one.
    done = run(
        ROOT / 'tools/dist_train.sh',
        CONFIG,
        2,
        '--work-dir',
        tmp_path,
        '--resume',
        pair / 'iter_10.pth',
        PORT=str(free_port()),
        PYTHON=sys.executable,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'FutureWarning' not in done.stderr
    [whole], [after] = losses(pair), losses(tmp_path)
    assert sorted(after) == list(range(11, 17))
    assert all(whole[step] == loss for step, loss in after.items())


def test_two_processes_test(pair, tmp_path):
    out = tmp_path / 'metrics.json'
    for done in run_tool_twice(
        'test',
        CONFIG,
        pair / 'iter_16.pth',
        '--work-dir',
        tmp_path,
        '--out',
        out,
    ):
        assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(out.read_text())['toy/num'] == 11


def test_scripts_ask_for_the_same_processes(tmp_path):
    """Of the script that tests, only what it would start is looked at."""
    # A stand-in for Python shows what it would be asked.
    python = tmp_path / 'python'
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    environ = dict(PYTHON=str(python), PORT='29611', NNODES='2')
    train, test = (
        run(ROOT / 'tools' / script, *args, **environ).stdout.splitlines()
        for script, args in (
            ('dist_train.sh', ('a b.py', 3, '--resume')),
            ('dist_test.sh', ('a b.py', 'c.pth', 3, '--out', 'd.json')),
        )
    )
    count = train.index(str(ROOT / 'tools/train.py'))
    assert test[:count] == train[:count]
    assert {'--nproc_per_node=3', '--nnodes=2'} <= set(train[:count])
    launcher = ['--launcher', 'pytorch']
    assert train[count + 1 :] == ['a b.py', *launcher, '--resume']
    assert test[count:] == [
        str(ROOT / 'tools/test.py'),
        'a b.py',
        'c.pth',
        *launcher,
        '--out',
        'd.json',
    ]
