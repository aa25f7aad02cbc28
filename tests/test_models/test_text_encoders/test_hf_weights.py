# Copyright (c) elip_mm contributors. All rights reserved.
import json

import pytest
import torch
import transformers.modeling_utils
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertModel

from elip_mm.models.text_encoders.hf_text import HFTextEncoder
from elip_mm.models.text_encoders.hf_weights import load_hf_encoder

SIZES = dict(
    vocab_size=20,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=8,
)


@pytest.fixture(autouse=True)
def _never_by_itself(monkeypatch):
    """Releases that unpickle freely do it in this function."""

    def refuse(*args, **kwargs):
        raise AssertionError('transformers reads the file itself')

    monkeypatch.setattr(transformers.modeling_utils, 'load_state_dict', refuse)


@pytest.fixture
def folder(tmp_path):
    BertConfig(**SIZES).save_pretrained(tmp_path)
    return tmp_path


def write_weights(folder, kind, state):
    """Write weights in one of the ways that transformers does."""
    names = sorted(state)
    parts = {'1': names[:9], '2': names[9:]}
    if kind == 'bin':
        torch.save(state, folder / 'pytorch_model.bin')
    elif kind == 'safetensors':
        save_file(state, folder / 'model.safetensors')
    else:
        suffix = kind.removeprefix('several ')
        index = {}
        for part, keys in parts.items():
            name = f'part-{part}.{suffix}'
            some = {key: state[key] for key in keys}
            (torch.save if suffix == 'bin' else save_file)(some, folder / name)
            index.update(dict.fromkeys(keys, name))
        first = 'pytorch_model' if suffix == 'bin' else 'model'
        path = folder / f'{first}.{suffix}.index.json'
        path.write_text(json.dumps(dict(weight_map=index)))


@pytest.mark.parametrize(
    'kind', ['bin', 'safetensors', 'several bin', 'several safetensors']
)
def test_every_way_to_keep_weights_is_read(folder, kind):
    # As published: with heads, and names that have a prefix.
    source = BertForMaskedLM(BertConfig(**SIZES))
    state = {
        key: value.detach().clone()
        for key, value in source.state_dict().items()
        if not key.startswith('cls.predictions.decoder')
    }
    write_weights(folder, kind, state)
    encoder = HFTextEncoder(str(folder), pretrained=str(folder))
    encoder.init_weights()
    ours = encoder.model.state_dict()
    true = source.bert.state_dict()
    assert ours.keys() == true.keys()
    assert all(torch.equal(ours[key], true[key]) for key in true)


def test_what_does_not_fit_is_refused(folder):
    state = BertModel(BertConfig(**SIZES)).state_dict()
    lacking = {k: v for k, v in state.items() if 'layer.1.' not in k}
    write_weights(folder, 'bin', lacking)
    with pytest.raises(ValueError, match=r'lack encoder\.layer\.1\..* in all'):
        load_hf_encoder(str(folder))
    wide = BertModel(BertConfig(**{**SIZES, 'vocab_size': 21})).state_dict()
    write_weights(folder, 'bin', wide)
    with pytest.raises(ValueError, match='do not fit its config.json'):
        load_hf_encoder(str(folder))


def test_damage_and_absence_are_named(folder):
    with pytest.raises(OSError, match='none of model.safetensors'):
        load_hf_encoder(str(folder))
    (folder / 'pytorch_model.bin').write_text('a text')
    with pytest.raises(ValueError, match='pytorch_model.bin .*is a text'):
        load_hf_encoder(str(folder))
    (folder / 'model.safetensors').write_bytes(b'\xff' * 40)
    with pytest.raises(ValueError, match='model.safetensors is no file of'):
        load_hf_encoder(str(folder))
    (folder / 'model.safetensors').unlink()
    (folder / 'pytorch_model.bin').unlink()
    for text in ('{', '[]', '{"weight_map": {"a": 3}}', '[' * 200_000):
        (folder / 'pytorch_model.bin.index.json').write_text(text)
        with pytest.raises(ValueError, match='bin.index.json (is|has) no '):
            load_hf_encoder(str(folder))
