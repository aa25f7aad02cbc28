# Copyright (c) elip_mm contributors. All rights reserved.
import json

import pytest
import torch
from transformers import CLIPTokenizerFast
from transformers.models.clip.tokenization_clip import bytes_to_unicode

from elip_mm.models.tokenizers import CLIPBPETokenizer
from elip_mm.registry import TOKENIZER

MERGES = ['r e', 're d</w>', 'd o', 'do g</w>', 'a t</w>']
START, END = '<|startoftext|>', '<|endoftext|>'


@pytest.fixture
def folder(tmp_path):
    """A vocabulary in CLIP's order: bytes, bytes that end a word, merges."""
    marks = list(bytes_to_unicode().values())
    pieces = marks + [m + '</w>' for m in marks]
    pieces += [merge.replace(' ', '') for merge in MERGES] + [START, END]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    (tmp_path / 'vocab.json').write_text(json.dumps(vocab))
    (tmp_path / 'merges.txt').write_text(
        '#version: 0.2\n' + '\n'.join(MERGES) + '\n'
    )
    return tmp_path


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)


TEXTS = [
    'a red dog',
    '  A  RED\n\tdog, at 10!! ',
    "it's",
    '',
    'caf\u00e9 \u96ea',
    'x' * 200,
]


def test_rows_are_those_of_transformers_padded_with_zero(folder):
    tokenizer = TOKENIZER.build(
        dict(type='elip_mm.CLIPBPETokenizer', name_or_path=str(folder))
    )
    assert tokenizer.context_length == 77
    assert tokenizer.vocab_size == 519
    assert (tokenizer.sot_id, tokenizer.eot_id) == (517, 518)
    rows = tokenizer(TEXTS)
    assert rows.shape == (len(TEXTS), 77) and rows.dtype == torch.int64
    reference = CLIPTokenizerFast.from_pretrained(str(folder))
    for text, row in zip(TEXTS, rows):
        ids = reference(text, truncation=True, max_length=77)['input_ids']
        assert row.tolist() == ids + [0] * (77 - len(ids))
        assert row[row.argmax()] == tokenizer.eot_id
    assert rows[-1, -1] == tokenizer.eot_id
    assert torch.equal(rows[0, :5], tokenizer(['A  red DOG'])[0, :5])


def test_html_is_resolved(folder):
    tokenizer = CLIPBPETokenizer(str(folder))
    assert tokenizer.encode('a &amp;amp; b') == tokenizer.encode('a & b')


def test_decode_stops_at_the_end(folder):
    tokenizer = CLIPBPETokenizer(str(folder))
    assert tokenizer.decode(tokenizer(['a red dog'])[0]).strip() == 'a red dog'


def test_tokenizer_json_alone_will_do(folder, tmp_path):
    expected = CLIPBPETokenizer(str(folder))(TEXTS)
    other = tmp_path / 'other'
    CLIPTokenizerFast.from_pretrained(str(folder)).save_pretrained(str(other))
    for name in ('vocab.json', 'merges.txt'):
        (other / name).unlink()
    assert torch.equal(CLIPBPETokenizer(str(other))(TEXTS), expected)


def test_missing_files_are_named(folder):
    (folder / 'merges.txt').unlink()
    with pytest.raises(FileNotFoundError, match='merges.txt missing in'):
        CLIPBPETokenizer(str(folder))
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        CLIPBPETokenizer(str(folder / 'vocab.json'))
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        CLIPBPETokenizer(str(folder / 'nothing'))


def test_unreachable_name_is_explained():
    with pytest.raises(ValueError, match='local folder'):
        CLIPBPETokenizer('nobody/no-such-clip')


def test_end_must_be_last(folder):
    vocab = json.loads((folder / 'vocab.json').read_text())
    vocab['<new>'] = len(vocab)
    (folder / 'vocab.json').write_text(json.dumps(vocab))
    with pytest.raises(ValueError, match='must be the last entry'):
        CLIPBPETokenizer(str(folder))


def test_another_models_vocabulary_is_refused(folder):
    vocab = json.loads((folder / 'vocab.json').read_text())
    del vocab[START]
    vocab[END] = len(vocab) - 1
    (folder / 'vocab.json').write_text(json.dumps(vocab))
    with pytest.raises(ValueError, match='startoftext|last entry'):
        CLIPBPETokenizer(str(folder))
