# Copyright (c) elip_mm contributors. All rights reserved.
"""The same cells for a file and for a terminal."""

from elip_mm.analysis.tables import markdown_table, print_table

CELLS = [['name', 'share'], ['dense', '1.00'], ['elip', '0.88']]


def test_markdown_has_a_rule_under_the_headings():
    assert markdown_table(CELLS).splitlines() == [
        '| name | share |',
        '| --- | --- |',
        '| dense | 1.00 |',
        '| elip | 0.88 |',
    ]


def test_figures_are_aligned_in_the_terminal(capsys):
    cells = [*CELLS, ['x', '10.00']]
    print_table(cells, title='A title', width=40, align_right=True)
    lines = capsys.readouterr().out.splitlines()
    assert 'A title' in lines[0]
    ends = {line.rstrip(' │')[-4:] for line in lines if '.' in line}
    assert ends == {'1.00', '0.88', '0.00'}
    assert len({line.index('.') for line in lines if '.' in line}) == 1
