# Copyright (c) elip_mm contributors. All rights reserved.
"""Tables, files and warnings of a benchmark, from made-up costs."""

import json

from elip_mm.analysis import Measurement
from elip_mm.analysis.benchmark_report import (
    draw_benchmark,
    find_losses,
    make_rows,
    write_benchmark,
)

DENSE = Measurement('dense', 1000, 400, 10, None, (2.0, 4.0), images=8)
SAVES = Measurement('saves', 800, 200, 12, 3 * 10**6, (1.0, 3.0), images=8)
LOSES = Measurement('loses', 1200, 400, 20, None, (3.0, 4.0), images=8)


def test_rows_are_relative_to_the_first():
    head, row = make_rows('batch=8', [DENSE, SAVES])
    assert head[:6] == ['batch=8', 'dense', '1.0000', '1.000', '1.000'] + [
        '1.000'
    ]
    # Best against best, and the median of the ratios by round.
    assert row[2:6] == ['0.8000', '0.500', '0.500', '0.625']
    assert row[6:] == ['4.00', '12', '3 MB']


def test_a_loss_is_said_in_words():
    results = {'batch=1': [DENSE, SAVES, LOSES]}
    (loss,) = find_losses(results)
    assert loss == 'batch=1: loses loses: flops x1.20, time x1.50'


def test_files_of_a_benchmark(tmp_path, capsys):
    results = {'batch=1': [DENSE, SAVES], 'batch=2': [DENSE, LOSES]}
    write_benchmark(results, 'A title', tmp_path / 'new')
    text = (tmp_path / 'new/benchmark.md').read_text()
    assert '| batch=1 | saves | 0.8000 |' in text and '- batch=2' in text
    saved = json.loads((tmp_path / 'new/benchmark.json').read_text())
    assert saved['batch=2']['loses']['flops'] == 1200
    assert (tmp_path / 'new/benchmark.png').stat().st_size > 1000
    assert 'A title' in capsys.readouterr().out


def test_every_panel_says_what_it_shows(tmp_path, monkeypatch):
    headings = []
    monkeypatch.setattr(
        'elip_mm.analysis.benchmark_report.Figure.savefig',
        lambda figure, path: headings.append(
            [axis.get_title() for axis in figure.axes]
        ),
    )
    one = {'batch=8': [DENSE, SAVES]}
    for results in (one, {**one, 'batch=16': [DENSE, SAVES]}):
        draw_benchmark(results, 'A title', tmp_path)
    wanted = ['flops / dense', 'saved bytes / dense', 'time / dense']
    assert headings == [wanted, wanted]


def test_a_single_setting_is_drawn_as_bars(tmp_path):
    path = tmp_path / 'bars.png'
    draw_benchmark({'batch=8': [DENSE, SAVES]}, 'A title', path)
    assert path.stat().st_size > 1000
