# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch

from elip_mm.models.tokenizers import StandInTokenizer
from elip_mm.registry import TOKENIZER


def test_words_are_random_and_special_tokens_in_their_places():
    tokenizer = TOKENIZER.build(
        dict(type='elip_mm.StandInTokenizer', vocab_size=40, context_length=90)
    )
    ids = tokenizer(['a', 'b', 'c'])
    assert ids.shape == (3, 90) and ids.dtype == torch.int64
    assert set(ids[:, 0].tolist()) == {2} and set(ids[:, -1].tolist()) == {39}
    words = ids[:, 1:-1]
    # The last two are [DEC] and [ENC], the first five special as well.
    assert words.min() == 5 and words.max() == 37
    assert not torch.equal(ids[0], ids[1])
    assert not torch.equal(ids, tokenizer(['a', 'b', 'c']))
    assert (tokenizer.pad_id, tokenizer.sep_id, tokenizer.mask_id) == (0, 3, 4)
    assert (tokenizer.dec_id, tokenizer.enc_id) == (38, 39)


def test_special_ids_can_be_chosen():
    tokenizer = StandInTokenizer(50, 8, pad_id=1, mask_id=48)
    assert (tokenizer.pad_id, tokenizer.mask_id) == (1, 48)
    with pytest.raises(ValueError, match='no word_id; special ids are pad_id'):
        StandInTokenizer(50, 8, word_id=3)


def test_a_vocabulary_without_words_is_refused():
    with pytest.raises(ValueError, match='at least 8 tokens'):
        StandInTokenizer(7, 8)(['a'])
