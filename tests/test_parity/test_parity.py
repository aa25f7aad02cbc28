# Copyright (c) elip_mm contributors. All rights reserved.
"""Our models give the numbers of the reference implementations.

Acceptance: parity.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from .check import check_file
from .fixture import Fixture

CUT = sorted((Path(__file__).parents[1] / 'data/parity').glob('*.npz'))
FULL = Path(os.environ.get('ELIP_PARITY_DIR', 'missing'))


def assert_equal(path):
    """Everything that the file holds is compared, and within tolerance."""
    report = check_file(path)
    assert not report.failures, str(report)
    compared = {name for name, _, _ in report.rows}
    with np.load(path) as file:
        stored = {
            name.replace('out.keep.', 'keep.')
            for name in file.files
            if name.startswith(('out.', 'grad.', 'after.'))
        }
    assert stored and stored <= compared


@pytest.mark.parametrize('path', CUT, ids=lambda path: path.stem)
def test_numbers_of_the_reference(path):
    assert_equal(path)


@pytest.mark.skipif(
    not FULL.is_dir(), reason='ELIP_PARITY_DIR does not name a folder'
)
@pytest.mark.parametrize(
    'path', sorted(FULL.glob('*.npz')), ids=lambda path: path.stem
)
def test_numbers_of_the_full_files(path):
    assert_equal(path)


def test_files_are_small():
    data = Path(__file__).parents[1] / 'data'
    size = sum(path.stat().st_size for path in data.rglob('*.npz'))
    assert size < 5e6


def spoil(monkeypatch, name, change):
    """Read every file with one array changed."""
    group = Fixture.group

    def spoiled(self, prefix):
        found = group(self, prefix)
        if name.startswith(prefix):
            key = name[len(prefix) + 1 :]
            found[key] = change(found[key])
        return found

    monkeypatch.setattr(Fixture, 'group', spoiled)


@pytest.mark.parametrize(
    'name, change',
    [
        ('state.blocks.5.mlp.fc1.weight', lambda weight: weight * 1.01),
        ('out.keep.1', lambda kept: kept.flip(0)),
        ('out.tokens', lambda tokens: tokens + 1e-4),
        ('grad.blocks.3.norm1.weight', lambda gradient: gradient * 1.001),
    ],
)
def test_the_check_can_fail(monkeypatch, name, change):
    path = next(path for path in CUT if path.stem == 'albef_vit')
    spoil(monkeypatch, name, change)
    assert check_file(path).failures


def test_a_missing_stage_is_noticed(monkeypatch):
    path = next(path for path in CUT if path.stem == 'albef_vit')
    group = Fixture.group

    def shortened(self, prefix):
        found = group(self, prefix)
        found.pop('keep.2', None)
        return found

    monkeypatch.setattr(Fixture, 'group', shortened)
    assert any('stages' in line for line in check_file(path).failures)


def test_unknown_architectures_are_named(monkeypatch):
    init = Fixture.__init__

    def renamed(self, path):
        init(self, path)
        self.meta['arch'] = 'swin'

    monkeypatch.setattr(Fixture, '__init__', renamed)
    with pytest.raises(ValueError, match='no check for the architecture'):
        check_file(CUT[0])
