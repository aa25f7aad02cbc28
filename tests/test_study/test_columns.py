# Copyright (c) elip_mm contributors. All rights reserved.
"""Columns and curves that only some models bring along."""

from elip_mm.study import Costs, Result, write_report
from elip_mm.study.report import COLUMNS, choose_columns

COSTS = Costs((65, 65), 10**9, 10**6, None, 64)


def result(name, matching=False, losses=()):
    kinds = ('retrieval', 'contrastive') if matching else ('retrieval',)
    metrics = {
        f'{direction}/{kind}/Recall@{k}': 50.0
        + k
        - 20 * (kind == 'contrastive')
        for kind in kinds
        for direction in ('i2t', 't2i')
        for k in (1, 5, 10)
    }
    curves = {key: [(1, 3.0), (50, 2.0), (99, 0.5)] for key in losses}
    return Result(name, metrics, COSTS, 1.0, curves)


def test_one_loss_and_one_stage_need_no_columns_of_their_own():
    assert choose_columns([result('a', losses=['loss', 'loss_c'])]) == COLUMNS


def test_models_that_judge_pairs_have_no_recall():
    metrics = {'itm/accuracy': 60.0, 'itm/matched': 50.0}
    judge = Result('judge', metrics, COSTS, 1.0, {})
    columns = {c.title: c.text(judge, judge) for c in choose_columns([judge])}
    assert columns['ITM accuracy'] == '60.0'
    assert columns['ITM mismatched'] == '-'
    assert not any('R@' in title for title in columns)


def test_stages_and_losses_are_shown_where_they_exist(tmp_path):
    results = [
        result('plain'),
        result('two', matching=True, losses=['loss', 'loss_itc', 'loss_itm']),
    ]
    heads, plain, two = write_report(results, tmp_path)
    table = dict(zip(heads, zip(plain, two)))
    assert table['i2t R@1'] == ('51.0', '51.0')
    assert table['i2t R@1 without matching'] == ('-', '31.0')
    assert table['t2i R@1 without matching'] == ('-', '31.0')
    assert heads.index('i2t R@1 without matching') == 7
    assert table['loss_itc'] == table['loss_itm'] == ('-', '3.00 > 0.50')
    assert 'loss_itm' in (tmp_path / 'report.md').read_text()
    assert (tmp_path / 'curves.png').stat().st_size > 0
