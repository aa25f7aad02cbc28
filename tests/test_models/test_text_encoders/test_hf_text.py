# Copyright (c) elip_mm contributors. All rights reserved.
"""Weights of a folder are those that the encoder starts from, all of them."""

import pytest
import torch
from transformers import BertConfig, BertModel

from elip_mm.models.text_encoders import HFTextEncoder

SIZES = dict(
    vocab_size=50,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=9,
)


@pytest.fixture
def folder(tmp_path):
    BertModel(BertConfig(**SIZES)).save_pretrained(
        tmp_path, safe_serialization=False
    )
    return tmp_path


def start(folder, **changes):
    encoder = HFTextEncoder(
        dict(model_type='bert', **{**SIZES, **changes}),
        pretrained=str(folder),
    )
    encoder.init_weights()
    return encoder.model.state_dict()


def test_a_whole_folder(folder):
    file = torch.load(folder / 'pytorch_model.bin', weights_only=True)
    for name, value in start(folder).items():
        assert torch.equal(value, file[name]), name


def test_what_a_folder_lacks_is_named(folder):
    path = folder / 'pytorch_model.bin'
    file = torch.load(path, weights_only=True)
    file.pop('encoder.layer.0.output.dense.weight')
    torch.save(file, path)
    with pytest.raises(
        ValueError, match='lack encoder.layer.0.output.dense.weight \\(1 in'
    ):
        start(folder)


def test_weights_of_another_size_are_named(folder):
    with pytest.raises(ValueError, match='those of another config'):
        start(folder, vocab_size=60)
