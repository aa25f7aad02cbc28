# Copyright (c) elip_mm contributors. All rights reserved.
"""The report: columns for all, and those that only some models bring."""

from dataclasses import replace

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


def test_costs_are_related_to_the_first_run(tmp_path, capsys):
    half = replace(COSTS, flops=5 * 10**8, mentioned_share=0.25)
    half = replace(half, tokens=(65, 33))
    one = result('dense', losses=['loss'])
    other = replace(
        one, name='elip', costs=half, step_time=0.4, pictures=('tokens.png',)
    )
    write_report([one, other], tmp_path / 'new')
    report = (tmp_path / 'new/report.md').read_text()
    row = next(
        line for line in report.splitlines() if line.startswith('| elip')
    )
    assert '0.50 (0.50x)' in row and '0.40x' in row and '25.0 %' in row
    assert '49.0' in row and '51.0' in row
    assert '![tokens.png](tokens.png)' in report
    assert (tmp_path / 'new/curves.png').stat().st_size > 1000
    printed = capsys.readouterr().out
    assert 'i2t R@1' in printed and 'tokens per layer' in printed
