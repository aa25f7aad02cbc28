# Copyright (c) elip_mm contributors. All rights reserved.
"""Comparisons resume, and report what the runs left behind."""

import json
from pathlib import Path

import pytest

from elip_mm.study import (
    Costs,
    Run,
    measure_costs,
    read_result,
    train_and_test,
    write_report,
)
from elip_mm.study import runs as runs_module
from elip_mm.study.results import read_curves
from elip_mm.utils import register_all_modules

CONFIGS = Path(__file__).parents[2] / 'configs/clip'
DENSE = CONFIGS / 'clip_tiny_dense_1xb64_synthetic-scenes-64px.py'
ELIP = CONFIGS / 'clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
METRICS = {
    f'{direction}/retrieval/Recall@{k}': 10.0 * k
    for direction in ('i2t', 't2i')
    for k in (1, 5, 10)
}


@pytest.fixture
def calls(monkeypatch):
    """Stand in for the tools: note the call, leave the files."""
    made = []

    def call(tool, *arguments):
        made.append((tool, arguments))
        work_dir = Path(arguments[arguments.index('--work-dir') + 1])
        if tool == 'train.py':
            checkpoint = work_dir / 'iter_9.pth'
            (work_dir / 'last_checkpoint').write_text(f'/old/{checkpoint}')
        else:
            out = Path(arguments[arguments.index('--out') + 1])
            out.write_text(json.dumps(METRICS))

    monkeypatch.setattr(runs_module, '_call', call)
    return made


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
    working = runs_module._call

    def interrupted(tool, *arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_module, '_call', interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_and_test(run)
    monkeypatch.setattr(runs_module, '_call', working)
    assert train_and_test(run)
    assert '--resume' in calls[0][1]


def write_scalars(folder, records):
    path = folder / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(map(json.dumps, records)))


def test_curves_span_resumed_parts(tmp_path):
    write_scalars(
        tmp_path / '1',
        [dict(loss=3.0, step=50), dict(loss=2.0, step=100, note='x')],
    )
    write_scalars(tmp_path / '2', [dict(loss=2.5, step=100)])
    assert read_curves(tmp_path) == {'loss': [(50, 3.0), (100, 2.5)]}


def test_report_relates_costs_to_the_first_run(calls, tmp_path, capsys):
    results = []
    for name, factor, share in (('dense', 1.0, None), ('elip', 0.5, 0.25)):
        run = Run(name, DENSE, tmp_path / name)
        train_and_test(run)
        write_scalars(run.work_dir / '1', [dict(loss=3.0, step=50)])
        costs = Costs((65, 33), int(2e9 * factor), int(4e6), share, 64)
        results.append(read_result(run, costs, step_time=0.2 * factor))
    (tmp_path / 'tokens.png').write_bytes(b'')
    write_report(results, tmp_path, ['tokens.png'])
    report = (tmp_path / 'report.md').read_text()
    row = next(
        line for line in report.splitlines() if line.startswith('| elip')
    )
    assert '1.00 (0.50x)' in row and '0.50x' in row and '25.0 %' in row
    assert '49.0' in row and '10.0' in row
    assert '![tokens.png](tokens.png)' in report
    assert (tmp_path / 'curves.png').stat().st_size > 1000
    assert 'i2t R@1' in capsys.readouterr().out


def test_costs_of_the_tiny_recipes():
    register_all_modules()
    dense, elip = (
        measure_costs(Run('x', path, Path()).load_config(), batch_size=4)
        for path in (DENSE, ELIP)
    )
    assert dense.tokens == (65,) * 6
    assert elip.tokens == (65, 59, 43, 43, 43, 27)
    assert elip.flops < dense.flops
    assert elip.saved_bytes < dense.saved_bytes
    # Everything is kept, so this is the share among all patches.
    assert 0 < dense.mentioned_share < 1
