# Copyright (c) elip_mm contributors. All rights reserved.
"""Records are lines that are only ever added."""

from dataclasses import replace

from elip_mm.study import Costs, Result, append_result, read_results
from elip_mm.study.results import read_curves, read_result

from .conftest import METRICS, write_scalars

COSTS = Costs((65, 33), 10**9, 10**6, 0.25, 64)
RECORD = Result(
    'dense',
    {'t2i/retrieval/Recall@1': 1.5},
    COSTS,
    0.125,
    {'loss': [(50, 3.0), (100, 2.0)]},
    config='configs/a.py',
    options=('a=1',),
    seed=3,
    stamp='abc',
    versions=dict(torch='2'),
    pictures=('tokens_dense.png',),
)


def test_a_record_is_read_as_it_was_written(tmp_path):
    path = tmp_path / 'new/results.jsonl'
    assert read_results(path) == {}
    append_result(path, RECORD)
    assert read_results(path) == {'dense': RECORD}


def test_the_last_record_of_a_run_counts(tmp_path):
    path = tmp_path / 'results.jsonl'
    later = replace(RECORD, step_time=1.0)
    for record in (RECORD, replace(RECORD, name='elip'), later):
        append_result(path, record)
    assert len(path.read_text().splitlines()) == 3
    results = read_results(path)
    assert list(results) == ['dense', 'elip'] and results['dense'] == later


def test_a_torn_line_is_passed_over(tmp_path):
    path = tmp_path / 'results.jsonl'
    append_result(path, RECORD)
    with path.open('a') as file:
        file.write(RECORD.to_json()[:40])
    append_result(path, replace(RECORD, name='elip'))
    assert list(read_results(path)) == ['dense', 'elip']


def test_a_record_says_where_it_comes_from(finished):
    result = read_result(finished[0], COSTS, 0.5)
    assert result.metrics == METRICS and result.curves == {'loss': [(50, 3.0)]}
    assert result.seed == 0 and result.config.endswith('64px.py')
    assert result.stamp == finished[0].stamp()
    assert list(result.versions) == [
        'elip_mm',
        'torch',
        'mmengine',
        'mmpretrain',
    ]


def test_curves_span_resumed_parts(tmp_path):
    write_scalars(
        tmp_path / '1',
        [dict(loss=3.0, step=50), dict(loss=2.0, step=100, note='x')],
    )
    write_scalars(tmp_path / '2', [dict(loss=2.5, step=100)])
    assert read_curves(tmp_path) == {'loss': [(50, 3.0), (100, 2.5)]}
