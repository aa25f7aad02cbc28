# Copyright (c) elip_mm contributors. All rights reserved.
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from elip_mm.utils.checks import (
    check_choice,
    check_flag,
    check_list,
    check_number,
    check_path,
    check_whole,
    shown,
)

NO_NUMBERS = [True, False, np.bool_(1), '1', None, [1], 1j, torch.tensor(1)]
NOT_FINITE = [math.nan, math.inf, -math.inf, np.float32('nan'), 10**400]


@pytest.mark.parametrize(
    'value', [2, 2.0, np.int64(2), np.uint8(2), np.float32(2), Fraction(2)]
)
def test_whole_numbers_of_any_type(value):
    whole = check_whole('A: n', value)
    assert whole == 2 and type(whole) is int
    number = check_number('A: n', value)
    assert number == 2 and type(number) is float


@pytest.mark.parametrize('value', [*NO_NUMBERS, *NOT_FINITE])
def test_what_is_no_number(value):
    with pytest.raises(ValueError, match='A: n must be a whole number'):
        check_whole('A: n', value)
    with pytest.raises(ValueError, match='A: n must be a number'):
        check_number('A: n', value)


@pytest.mark.parametrize(
    'check, message',
    [
        (lambda: check_whole('A: n', 2.5), 'of at least 0, but got 2.5'),
        (lambda: check_whole('A: n', 0, 1), 'of at least 1, but got 0'),
        (
            lambda: check_whole('A: n', 9, 1, 1_000_000 // 500_000),
            r'number in \[1, 2\], but got 9',
        ),
        (
            lambda: check_number('A: n', 0, above=0, high=1),
            r'number in \(0, 1\], but got 0',
        ),
        (lambda: check_number('A: n', -1, above=0), 'above 0, but got -1'),
        (lambda: check_number('A: n', 'x'), "a number, but got 'x'"),
    ],
)
def test_bounds_are_named(check, message):
    with pytest.raises(ValueError, match=message):
        check()


def test_flags():
    assert [check_flag('A', v) for v in (True, np.bool_(0), 1, 0.0)] == [
        True, False, True, False,
    ]  # fmt: skip
    for value in ('no', 2, None, [True]):
        with pytest.raises(ValueError, match='A must be True or False'):
            check_flag('A', value)


def test_choices_lists_and_paths():
    assert check_choice('A', 'b', dict(a=1, b=2)) == 'b'
    with pytest.raises(ValueError, match="one of 'a', 'b', but got \\['a'\\]"):
        check_choice('A', ['a'], ('a', 'b'))
    assert check_list('A', np.arange(2)) == (0, 1)
    for value in ('ab', b'ab', dict(a=1), 3, None, np.array(2)):
        with pytest.raises(ValueError, match='A must be a list'):
            check_list('A', value)
    assert check_path('A', Path('a/b')) == 'a/b'
    for value in ('a\0b', '\ud83d', 3, None, b'a'):
        with pytest.raises(ValueError, match='A must be a path'):
            check_path('A', value)


def test_anything_can_be_shown():
    class Broken:
        def __repr__(self):
            raise RuntimeError

    assert shown('\ud83d') == "'\\ud83d'"
    assert len(shown('x' * 10**6)) < 300
    assert shown(10**9000).startswith('a int') or shown(10**9000)[0] == '1'
    assert shown(Broken()) == 'a Broken that cannot be shown'
