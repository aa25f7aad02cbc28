# Copyright (c) elip_mm contributors. All rights reserved.
"""The tools as a user runs them: in processes of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'tests' / 'toy_config.py'


def run(*command, **environ):
    """Run a command in the repository and return what came of it."""
    env = {**os.environ, **environ}
    env['PYTHONPATH'] = str(ROOT)
    env['PYTHON'] = sys.executable
    env['OMP_NUM_THREADS'] = '1'
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
        text=True,
        capture_output=True,
        timeout=300,
    )


def tool(name, *args, **environ):
    return run(sys.executable, f'tools/{name}.py', CONFIG, *args, **environ)


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
    done = tool('train', '--work-dir', folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_killed_run_resumes_as_if_nothing_had_happened(finished, tmp_path):
    killed = tool('train', '--work-dir', tmp_path, TOY_KILL_AT='23')
    assert killed.returncode == -signal.SIGKILL
    resumed = tool('train', '--work-dir', tmp_path, '--resume')
    assert resumed.returncode == 0, resumed.stderr[-3000:]

    [whole], [before, after] = losses(finished), losses(tmp_path)
    assert sorted(whole) == list(range(1, 33))
    assert sorted(before) == list(range(1, 24))
    assert sorted(after) == list(range(21, 33))  # from the one at 20
    assert {**before, **after} == whole


def test_test_writes_metrics_and_predictions(finished, tmp_path):
    out, dump = tmp_path / 'metrics.json', tmp_path / 'predictions.pkl'
    done = tool(
        'test',
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
    import mmengine

    errors = [float(x['error']) for x in mmengine.load(dump)]
    assert sum(errors) / 11 == pytest.approx(metrics['toy/mse'])


def test_two_processes_train_resume_and_test(tmp_path):
    first, second = tmp_path / 'first', tmp_path / 'second'
    script = ROOT / 'tools/dist_train.sh'
    # 8 batches an epoch and process: iteration 10 is in the middle of one.
    keep = 'default_hooks.checkpoint.max_keep_ckpts=-1'
    done = run(
        script,
        CONFIG,
        2,
        '--work-dir',
        first,
        '--cfg-options',
        keep,
        PORT='29611',
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'FutureWarning' not in done.stderr
    done = run(
        script,
        CONFIG,
        2,
        '--work-dir',
        second,
        '--resume',
        first / 'iter_10.pth',
        PORT='29613',
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [whole], [after] = losses(first), losses(second)
    assert sorted(after) == list(range(11, 17))
    assert all(whole[step] == loss for step, loss in after.items())

    out = tmp_path / 'metrics.json'
    done = run(
        ROOT / 'tools/dist_test.sh',
        CONFIG,
        first / 'iter_16.pth',
        2,
        '--work-dir',
        tmp_path,
        '--out',
        out,
        PORT='29614',
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(out.read_text())['toy/num'] == 11
