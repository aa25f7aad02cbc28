# Copyright (c) elip_mm contributors. All rights reserved.
"""Tables, files and warnings of a benchmark, mostly from made-up costs."""

import itertools
import json
from dataclasses import replace

import pytest

from elip_mm.analysis import Measurement, Tower, make_workload, measure
from elip_mm.analysis.benchmark_report import (
    draw_benchmark,
    find_losses,
    make_rows,
    write_benchmark,
)
from elip_mm.analysis.variants import (
    find_variant,
    find_variants,
    make_workload_of,
    scale_keep,
)

from ..tiny import ARCH, ELIP

RECIPES = [
    f'configs/albef/albef_tiny_{name}_1xb32_synthetic-scenes-64px.py'
    for name in ('dense', 'elip')
]

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


def test_workloads_take_turns_and_the_first_round_does_not_count():
    tower = Tower(ARCH, (32, 64), 8, batch_size=1)
    works = [
        make_workload('dense', tower, train=False),
        make_workload('elip', tower, ELIP, train=False),
    ]
    ticks = itertools.count()
    found = measure(works, rounds=3, clock=lambda: next(ticks))
    # Two looks at the clock for each piece of work.
    assert [one.times for one in found] == [(1, 1, 1)] * 2
    assert [one.saved_bytes for one in found] == [0, 0]
    assert found[1].relative_to(found[0])['time'] == 1
    assert found[1].flops > found[0].flops  # forward alone does not pay


def test_variants_are_found_by_name_and_path(tmp_path):
    assert find_variant('dense').reducer is None
    assert find_variant('research').naive
    path = tmp_path / 'mine.py'
    path.write_text("reducer = dict(type='elip_mm.ToMeReducer')")
    mine = find_variant(f'mine={path}')
    assert mine.name == 'mine' and mine.reducer['type'].endswith('ToMeReducer')
    path.write_text('nothing = dict()')
    with pytest.raises(ValueError, match='neither `reducer` nor `model`'):
        find_variant(f'mine={path}')
    with pytest.raises(ValueError, match='one of dense, research, .*evit'):
        find_variant('evit')


def test_whole_recipes_are_variants_too():
    dense, elip = find_variants(RECIPES)
    assert dense.name == 'albef_tiny_dense_1xb32_synthetic-scenes-64px'
    tower = Tower(img_size=None, batch_size=2)
    plain, half, full = (
        measure([make_workload_of(one, tower, keep)], rounds=0)[0]
        for one, keep in ((dense, None), (elip, 0.2), (elip, None))
    )
    assert half.flops < full.flops < plain.flops
    assert half.saved_bytes < full.saved_bytes < plain.saved_bytes
    # The recipe itself is left as it was.
    assert elip.recipe.model.vision_backbone.img_size == 64
    wide = make_workload_of(elip, replace(tower, img_size=96))
    assert wide.module.vision_backbone.img_size == (96, 96)


def test_recipes_infer_as_they_say():
    variants = find_variants(RECIPES)
    tower = Tower(img_size=None, batch_size=2)
    works = [make_workload_of(one, tower, train=False) for one in variants]
    dense, elip = measure(works, rounds=0)
    assert elip.flops == dense.flops and elip.saved_bytes == 0
    model = variants[1].recipe.model
    model.reduce_at_test = True
    model.vision_backbone.reducer.without_guidance = 'vision'
    work = make_workload_of(variants[1], tower, keep_ratio=0.3, train=False)
    assert measure([work], rounds=0)[0].flops != dense.flops


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match='different names'):
        find_variants([RECIPES[0], RECIPES[0]])
    with pytest.raises(ValueError, match='whole recipes'):
        find_variants(['dense', RECIPES[0]])


def test_scaled_stages_end_at_the_share_asked_for():
    stages = find_variant('elip_vit-12layer').reducer['stages']
    scaled = scale_keep(dict(stages=stages), 0.7)['stages']
    assert [stage['keep_ratio'] for stage in scaled] == pytest.approx(
        [0.95, 0.825, 0.7]
    )
    assert scale_keep(None, 0.7) is None
    assert scale_keep(dict(type='x'), 0.7) == dict(type='x')
