# Copyright (c) elip_mm contributors. All rights reserved.
"""A frozen encoder reads each caption once, and says the same."""

import pytest
import torch

from elip_mm.models.text_encoders import CachedTextEncoder, HFTextEncoder

from ...support.tiny import seeded

ENCODER = dict(
    type='elip_mm.HFTextEncoder',
    config=dict(
        model_type='bert',
        vocab_size=50,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    ),
    pooling='mean',
)
IDS = torch.tensor([[1, 5, 2, 0], [1, 6, 7, 2], [1, 5, 2, 0]])


@pytest.fixture
def cached():
    with seeded():
        model = CachedTextEncoder(ENCODER)
    model.eval()
    return model


@pytest.fixture
def read(cached, monkeypatch):
    """How many captions the encoder read in each of its calls."""
    counts = []
    forward = HFTextEncoder.forward

    def count(self, ids):
        counts.append(len(ids))
        return forward(self, ids)

    monkeypatch.setattr(HFTextEncoder, 'forward', count)
    return counts


def test_each_caption_is_read_once(cached, read):
    expected = cached.encoder(IDS).pooled
    read.clear()
    for rows in (IDS, IDS.flip(0), IDS[:1]):
        cached(rows)
    assert read == [2]
    found = cached(IDS)
    torch.testing.assert_close(found.pooled, expected)
    assert found.tokens.shape == (3, 1, 8) and found.mask.shape == (3, 1)


def test_when_there_are_too_many_all_are_forgotten(cached, read):
    cached.max_captions = 2
    more = torch.tensor([[1, 9, 2, 0]])
    for rows in (IDS, more, IDS):
        cached(rows)
    assert read == [2, 1, 2]


def test_other_weights_say_other_things(cached):
    before = cached(IDS).pooled
    with seeded(1):
        other = CachedTextEncoder(ENCODER)
    cached.load_state_dict(other.state_dict())
    assert not torch.allclose(cached(IDS).pooled, before)


def test_an_encoder_that_learns_is_refused(cached):
    cached.train()
    with pytest.raises(RuntimeError, match=r"frozen=\['text_encoder'\]"):
        cached(IDS)
