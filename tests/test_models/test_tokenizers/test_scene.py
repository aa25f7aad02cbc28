# Copyright (c) elip_mm contributors. All rights reserved.
import copy
import pickle
import runpy
import sys
from pathlib import Path

import pytest
import torch

from elip_mm.datasets.synthetic_scenes import (
    LEVELS,
    compose_scene,
    get_level,
    write_caption,
)
from elip_mm.models.tokenizers import SceneTokenizer
from elip_mm.models.tokenizers.scene import SCENE_TOKENIZER_FILE
from elip_mm.registry import TOKENIZER

BUILDER = (
    Path(__file__).parents[3]
    / 'tools'
    / 'dataset_converters'
    / 'build_scene_tokenizer.py'
)


def captions(level, count=400):
    for number in range(count):
        scene = compose_scene(get_level(level), 'train', 0, 0, number)
        yield write_caption(scene.stream('captions'), scene).text


def test_builder_gives_the_file_that_is_shipped(tmp_path, monkeypatch):
    out = tmp_path / 'tokenizer.json'
    monkeypatch.setattr(sys, 'argv', [str(BUILDER), '--out', str(out)])
    runpy.run_path(str(BUILDER), run_name='__main__')
    assert out.read_bytes() == SCENE_TOKENIZER_FILE.read_bytes()


def test_special_tokens():
    tokenizer = TOKENIZER.build(dict(type='elip_mm.SceneTokenizer'))
    assert tokenizer.context_length == 32
    assert tokenizer.pad_id == 0
    assert tokenizer.eot_id == tokenizer.vocab_size - 1
    special = [
        tokenizer.pad_id,
        tokenizer.unk_id,
        tokenizer.cls_id,
        tokenizer.sep_id,
        tokenizer.mask_id,
        tokenizer.dec_id,
        tokenizer.enc_id,
        tokenizer.sot_id,
        tokenizer.eot_id,
    ]
    assert len(set(special)) == 9
    assert len(tokenizer) == tokenizer.vocab_size < 256


@pytest.mark.parametrize('level', LEVELS)
def test_every_word_of_a_level_is_one_token(level):
    tokenizer = SceneTokenizer(context_length=40)
    for text in captions(level):
        row = tokenizer([text])[0]
        count = len(text.replace(',', ' ,').split())
        assert (row != 0).sum() == count + 2
        assert row[0] == tokenizer.sot_id
        assert row.argmax() == count + 1
        assert row[count + 1] == tokenizer.eot_id
        assert tokenizer.unk_id not in row
        assert tokenizer.decode(row).replace(' ,', ',') == text


def test_batch_is_what_the_library_encodes():
    tokenizer = SceneTokenizer()
    texts = [
        *captions('hard', 30),
        'Any  other\tTEXT: 100 % new-ish!',
        '',
        'z\u00f6e \u20ac',
    ]
    rows = tokenizer(texts)
    assert rows.shape == (33, 32) and rows.dtype == torch.int64
    for text, row in zip(texts, rows):
        ids = tokenizer.tokenizer.encode(text).ids
        ids = ids if len(ids) <= 32 else ids[:31] + [tokenizer.eot_id]
        assert row.tolist() == ids + [0] * (32 - len(ids))


def test_any_text_encodes_and_ascii_survives():
    tokenizer = SceneTokenizer(context_length=64)
    text = 'the quick brown fox @ 42'
    row = tokenizer([text])[0]
    assert tokenizer.unk_id not in row
    assert tokenizer.decode(row) == text
    assert (
        tokenizer(['\u96ea'])[0][:3]
        == torch.tensor([tokenizer.sot_id, tokenizer.unk_id, tokenizer.eot_id])
    ).all()


def test_long_texts_keep_their_end():
    tokenizer = SceneTokenizer(context_length=8)
    row = tokenizer(['a red circle left of a blue square above a star'])[0]
    assert len(row) == 8
    assert row.argmax() == 7 and row[-1] == tokenizer.eot_id


def test_empty_batch_copies_and_mistakes():
    tokenizer = SceneTokenizer()
    assert tokenizer([]).shape == (0, 32)
    expected = tokenizer(['a red circle'])
    for momentum_encoder in (
        copy.deepcopy(tokenizer),
        pickle.loads(pickle.dumps(tokenizer)),
    ):
        assert torch.equal(momentum_encoder(['a red circle']), expected)
    with pytest.raises(TypeError, match='list of texts'):
        tokenizer('a red circle')
    with pytest.raises(ValueError, match='context_length'):
        SceneTokenizer(context_length=1)


def test_memory_of_words_is_bounded(monkeypatch):
    monkeypatch.setattr(SceneTokenizer, 'MEMO_SIZE', 10)
    tokenizer = SceneTokenizer()
    for number in range(50):
        tokenizer([f'w{number}'])
        assert len(tokenizer._memo) <= 10
