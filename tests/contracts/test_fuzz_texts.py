# Copyright (c) elip_mm contributors. All rights reserved.
"""Any text gives tokens; anything else is refused in words."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from elip_mm.datasets import CleanPairCaption
from elip_mm.datasets.transforms import clean_caption
from elip_mm.datasets.transforms.clean_caption import STYLES
from elip_mm.models.tokenizers import (
    ALBEFTokenizer,
    BLIPTokenizer,
    SceneTokenizer,
    StandInTokenizer,
)
from tests.support.fuzz_values import ANYTHING, TEXTS, mostly, outcome, some
from tests.support.fuzzing import examples

KINDS = [ALBEFTokenizer, BLIPTokenizer, SceneTokenizer]
BATCHES = st.lists(mostly(TEXTS), max_size=4)


@pytest.mark.parametrize('kind', KINDS)
def test_tokenizers(kind):
    tokenizer = kind()

    @examples(15, 600)
    @given(mostly(BATCHES), ANYTHING)
    def run(texts, ids):
        rows = outcome(lambda: tokenizer(texts), kind.__name__)
        if rows is not None:
            assert rows.dtype == torch.int64 and rows.shape[0] == len(texts)
            assert rows.shape[1] <= tokenizer.context_length
            assert rows.numel() == 0 or rows.max() < len(tokenizer)
        text = outcome(lambda: tokenizer.decode(ids), kind.__name__)
        assert text is None or isinstance(text, str)
        known = outcome(lambda: tokenizer.token_id(ids), kind.__name__)
        assert known is None or known >= 0

    run()


@examples(15, 600)
@given(
    st.sampled_from([*KINDS, StandInTokenizer]),
    some(
        context_length=st.integers(2, 50),
        pad_to_longest=st.booleans(),
        vocab_size=st.integers(8, 99),
        pad_id=st.integers(0, 5),
    ),
    BATCHES,
)
def test_settings_of_tokenizers(kind, arguments, texts):
    known = dict(
        SceneTokenizer={'context_length'},
        StandInTokenizer={'context_length', 'vocab_size', 'pad_id'},
    ).get(kind.__name__, {'context_length', 'pad_to_longest'})
    arguments = {k: v for k, v in arguments.items() if k in known}
    if kind is StandInTokenizer:
        arguments = dict(vocab_size=9, context_length=4) | arguments
    tokenizer = outcome(lambda: kind(**arguments), kind.__name__)
    if tokenizer is not None and tokenizer.context_length < 1000:
        rows = outcome(lambda: tokenizer(texts), kind.__name__)
        assert rows is None or len(rows) == len(texts)


@examples(25, 1000)
@given(
    st.sampled_from(sorted(STYLES)),
    mostly(st.one_of(TEXTS, BATCHES)),
    st.sampled_from([None, 1, 3]),
)
def test_cleaning(style, texts, max_words):
    cleaner = CleanPairCaption(style, max_words)
    clean = outcome(
        lambda: cleaner.transform(dict(text=texts))['text'],
        'CleanPairCaption',
    )
    if clean is not None:
        whole = ' '.join([clean] if isinstance(clean, str) else clean)
        whole.encode()
        assert whole == whole.lower() or not whole.isascii()
    outcome(lambda: clean_caption(texts, STYLES[style]), 'clean_caption')
