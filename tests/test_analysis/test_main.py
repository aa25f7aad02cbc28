# Copyright (c) elip_mm contributors. All rights reserved.
"""The benchmark as a program: what its command line says is measured."""

import json

import pytest

from elip_mm.analysis import Tower
from elip_mm.analysis.__main__ import make_title, parse_args, run, settings_of


def settings(*arguments):
    return settings_of(parse_args(['dense', *arguments]))


def test_without_a_sweep_there_is_one_setting():
    (only,) = settings('--img-size', '64', '32', '--batch', '2')
    assert only == ('batch=2', Tower('base', [64, 32], 16, 2), None)


def test_sweeps_change_one_thing():
    tower = Tower('base', None, 16, 8)
    assert settings('--sweep', 'keep_ratio=0.7,0.4') == [
        ('keep_ratio=0.7', tower, 0.7),
        ('keep_ratio=0.4', tower, 0.4),
    ]
    batches = settings('--sweep', 'batch=1,2')
    assert [tower.batch_size for _, tower, _ in batches] == [1, 2]
    sizes = settings('--sweep', 'img-size=32,64')
    assert [tower.img_size for _, tower, _ in sizes] == [32, 64]
    with pytest.raises(ValueError, match="batch, img-size, .*'keep=0.5'"):
        settings('--sweep', 'keep=0.5')


def test_titles_leave_out_what_is_swept():
    args = parse_args(['dense', '--sweep', 'batch=1,2', '--img-size', '32'])
    title = make_title(args, recipes=False)
    assert title.startswith('ViT base/16, 32 px, train, 1 thread(s)')
    assert make_title(args, recipes=True).startswith('whole steps')


def test_it_measures_and_reports(tmp_path):
    command = ['dense', 'naive', '--device', 'meta', '--arch', 'deit-tiny']
    run(parse_args([*command, '--batch', '1', '--out', str(tmp_path)]))
    saved = json.loads((tmp_path / 'benchmark.json').read_text())
    assert list(saved['batch=1']) == ['dense', 'naive']


def test_recipes_need_a_real_device():
    recipe = 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
    with pytest.raises(ValueError, match='--rounds 0'):
        run(parse_args([recipe, '--device', 'meta']))
