# Copyright (c) elip_mm contributors. All rights reserved.
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.processes import one_at_a_time

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """A wheel built from a copy of the repository."""
    copy, out = (tmp_path_factory.mktemp(x) for x in ('copy', 'out'))
    for part in ('elip_mm', 'configs', 'tools', 'requirements'):
        shutil.copytree(
            ROOT / part,
            copy / part,
            ignore=shutil.ignore_patterns('__pycache__', '.mim'),
        )
    for pattern in (
        'setup.*',
        'pyproject.toml',
        'MANIFEST.in',
        'LICENSE',
        '*.md',
        '*.yml',
    ):
        for path in ROOT.glob(pattern):
            shutil.copy(path, copy)
    subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '-q',
            '--no-deps',
            '--no-build-isolation',
            '-w',
            out,
            copy,
        ],
        check=True,
        capture_output=True,
    )
    [path] = out.glob('*.whl')
    with zipfile.ZipFile(path) as archive:
        yield archive


def tracked(pattern, folder=ROOT):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.glob(pattern)
        if '__pycache__' not in path.parts
    }


def test_wheel_holds_code_and_data(wheel):
    names = set(wheel.namelist())
    code = {
        f'elip_mm/{name}'
        for name in tracked('**/*.py', ROOT / 'elip_mm')
        if not name.startswith('.mim')
    }
    assert code <= names
    assert 'elip_mm/py.typed' in names  # type checkers look for it
    assert any(
        name.startswith('elip_mm/models/tokenizers/')
        and name.endswith('.json')
        for name in names
    )
    assert not any(name.startswith('tests') for name in names)


def test_wheel_holds_what_mim_looks_for(wheel):
    names = set(wheel.namelist())
    for pattern in (
        'configs/**/*.py',
        'configs/**/*.yml',
        'tools/*.py',
        'tools/*.sh',
        'model-index.yml',
    ):
        assert {f'elip_mm/.mim/{name}' for name in tracked(pattern)} <= names


def test_config_elsewhere_inherits_from_an_installed_one(wheel, tmp_path):
    wheel.extractall(tmp_path)
    recipe = 'elip_mm.configs.clip.clip_tiny_elip_1xb64_synthetic_scenes_64px'
    (tmp_path / 'own.py').write_text(
        'from mmengine.config import read_base\n'
        f'with read_base():\n    from {recipe} import *\n'
        'train_cfg.update(max_epochs=2)\n'
    )
    done = subprocess.run(
        [
            sys.executable,
            '-c',
            'from mmengine import Config; cfg = Config.fromfile("own.py");'
            'print(cfg.train_cfg.max_epochs, cfg.model.type.__module__)',
        ],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(tmp_path)},
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == ['2', 'elip_mm.models.pretrainers.clip']


def test_wheel_requires_what_the_package_checks(wheel):
    from elip_mm.utils.versions import REQUIREMENTS

    [name] = (n for n in wheel.namelist() if n.endswith('METADATA'))
    text = wheel.read(name).decode()
    lines = [
        line.split(': ')[1].replace(' ', '')
        for line in text.splitlines()
        if line.startswith('Requires-Dist')
    ]
    for need in REQUIREMENTS:
        wanted = set(need.spec.split(',')) - {''}
        [line] = (
            x
            for x in lines
            if need.names[0] in x.split('<')[0].split('>')[0].split(';')[0]
            and 'extra' not in x
            and x.startswith(need.names[0])
            and x[len(need.names[0]) :][:1] in ('', '<', '>')
        )
        found = set(line[len(need.names[0]) :].split(',')) - {''}
        assert found == wanted, line


def test_scripts_say_how_they_are_used():
    for name in ('dist_train', 'dist_test', 'slurm_train', 'slurm_test'):
        done = subprocess.run(
            [ROOT / f'tools/{name}.sh'], text=True, capture_output=True
        )
        assert done.returncode == 2 and 'usage: ' in done.stderr


def test_slurm_script_passes_everything_on(tmp_path):
    # A stand-in for srun shows what it would be asked.
    (tmp_path / 'srun').write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    done = subprocess.run(
        [
            ROOT / 'tools/slurm_train.sh',
            'part',
            'job',
            'a b.py',
            'dir',
            '--resume',
        ],
        text=True,
        capture_output=True,
        env={
            'PATH': f'{tmp_path}:/usr/bin:/bin',
            'GPUS': '4',
            'SRUN_ARGS': '--quiet --exclusive',
        },
    )
    words = done.stdout.splitlines()
    assert '--ntasks=4' in words and '--exclusive' in words
    tail = words[words.index('a b.py') :]
    assert tail == [
        'a b.py',
        '--work-dir=dir',
        '--launcher',
        'slurm',
        '--resume',
    ]


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory):
    """A call of ``python -m`` with the wheel, far away from a checkout."""
    target = tmp_path_factory.mktemp('installed')
    wheel.extractall(target)

    def run(*arguments, folder):
        # Libraries come from the environment, this one from the wheel.
        env = {**os.environ, 'PYTHONPATH': str(target)}
        done = subprocess.run(
            [sys.executable, '-m', *arguments],
            cwd=folder,
            env=env,
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    return run


@one_at_a_time
def test_a_wheel_can_run_the_benchmark(installed, tmp_path):
    text = installed(
        'elip_mm.analysis',
        *('dense', 'elip-lite_vit-12layer', 'naive', '--device', 'meta'),
        *('--arch', 'deit-tiny', '--img-size', '64', '--batch', '1'),
        folder=tmp_path,
    )
    assert 'elip-lite_vit-12layer' in text
    assert (tmp_path / 'work_dirs/benchmark/benchmark.json').is_file()


@one_at_a_time
def test_a_wheel_can_run_a_study(installed, tmp_path):
    command = [
        'elip_mm.study',
        'dense=configs/clip/clip_tiny_dense_1xb64_synthetic-scenes-64px.py',
        *('--work-dir', 'out', '--batch-size', '2', '--cfg-options'),
        *('train_cfg.max_epochs=1', 'param_scheduler.0.end=1'),
        *('param_scheduler.1.begin=1', 'train_dataloader.batch_size=4'),
        'train_dataloader.dataset.num_scenes=8',
        'val_dataloader.dataset.num_scenes=10',
        'test_dataloader.dataset.num_scenes=10',
    ]
    installed(*command, folder=tmp_path)
    (line,) = (tmp_path / 'out/results.jsonl').read_text().splitlines()
    assert '"commit": null' in line
    report = (tmp_path / 'out/report.md').read_text()
    assert '| dense |' in report
