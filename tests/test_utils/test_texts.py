# Copyright (c) elip_mm contributors. All rights reserved.
import numpy as np
import pytest
import torch

from elip_mm.utils.texts import check_ids, check_text, check_texts, mend_text


@pytest.mark.parametrize(
    'text, mended',
    [
        ('a\ud83d b', 'a\ufffd b'),
        ('\udc80', '\ufffd'),
        ('\ud83d\ude00', '\U0001f600'),
        ('\ude00\ud83d', '\ufffd\ufffd'),
        ('\U0001f600 é', '\U0001f600 é'),
        ('', ''),
    ],
)
def test_halves_of_characters(text, mended):
    assert mend_text(text) == check_text('A', text) == mended
    assert check_texts('A', [text]) == [mended]


def test_nothing_to_mend_is_the_same_object():
    text = 'a red kite \U0001f600'
    assert mend_text(text) is text


@pytest.mark.parametrize(
    'texts, message',
    [
        ('a', "A expects a list of texts, but got the single text 'a'"),
        (3, 'A expects a list of texts, but got 3'),
        (['a', None], 'A expects a list of texts, but entry 1 is None'),
    ],
)
def test_what_is_no_batch(texts, message):
    with pytest.raises(TypeError, match=message):
        check_texts('A', texts)


def test_rows_of_ids():
    for row in ([1, 2], (1.0, 2), torch.tensor([1, 2]), np.array([1, 2])):
        assert check_ids('A', row) == [1, 2]
    for row in ([-1], 'ab', 3, [[1]], [1.5], torch.ones(1, 2), [2**40]):
        with pytest.raises(TypeError, match='A expects one row of token num'):
            check_ids('A', row)
