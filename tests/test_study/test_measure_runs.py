# Copyright (c) elip_mm contributors. All rights reserved.
"""What is on record is not measured again."""

import sys

import pytest

from elip_mm.study import Costs, measure_runs, read_results

# The function has the name of its module.
MODULE = sys.modules['elip_mm.study.measure_runs']


@pytest.fixture
def measured(monkeypatch):
    """Count what is measured, and give made-up figures."""
    done = []

    def time_steps(recipes, batch_size):
        done.append('times')
        return dict.fromkeys(recipes, 1.0 * len(done))

    def measure_costs(cfg, checkpoint, batch_size):
        done.append('costs')
        return Costs((65,), 10, 10, None, batch_size)

    monkeypatch.setattr(MODULE, 'time_steps', time_steps)
    monkeypatch.setattr(MODULE, 'measure_costs', measure_costs)
    monkeypatch.setattr(MODULE, 'draw_kept', lambda run, folder: ())
    return done


def test_another_day_continues(finished, measured, tmp_path):
    first = measure_runs(finished[:1], tmp_path)
    assert measured == ['times', 'costs']
    assert measure_runs(finished[:1], tmp_path) == first
    assert measured == ['times', 'costs']
    both = measure_runs(finished, tmp_path)
    # All are timed in the same turns, only what is new is counted.
    assert measured == ['times', 'costs'] * 2
    assert both[0].step_time == both[1].step_time == 3.0
    assert list(read_results(tmp_path / 'results.jsonl').values()) == both


def test_another_batch_or_recipe_is_measured(finished, measured, tmp_path):
    measure_runs(finished, tmp_path)
    assert measure_runs(finished, tmp_path, 8)[0].costs.batch_size == 8
    assert measured.count('costs') == 4
    other = finished[1].config
    moved = type(finished[0])('dense', other, finished[0].work_dir)
    assert measure_runs([moved], tmp_path, 8)[0].stamp == moved.stamp()
    assert measured.count('costs') == 5
