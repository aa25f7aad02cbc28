# Copyright (c) elip_mm contributors. All rights reserved.
"""BERT on captions, in the layout that everything starts from."""

import pytest
import torch
from mmpretrain.structures import DataSample

from elip_mm.models.pretrainers import MaskedLanguagePretrainer
from elip_mm.registry import MODELS

from ...support.tiny import seeded

SIZES = dict(
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
    max_position_embeddings=32,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
TEXTS = ['a red circle left of a blue star', 'a small green ring']


def build(mask_ratio=0.3):
    with seeded():
        return MaskedLanguagePretrainer(
            tokenizer=dict(type='elip_mm.SceneTokenizer'),
            config=dict(model_type='bert', **SIZES),
            mask_ratio=mask_ratio,
        )


def samples():
    made = [DataSample() for _ in TEXTS]
    for sample, text in zip(made, TEXTS):
        sample.set_field(text, 'text')
    return made


def test_hidden_words_are_guessed_and_everything_learns():
    model = build()
    with seeded(1):
        losses = model(None, samples(), mode='loss')
    assert losses['loss_mlm'] > 0 and 0 <= losses['mlm_acc'] <= 1
    losses['loss_mlm'].backward()
    without = [k for k, v in model.named_parameters() if v.grad is None]
    assert not without


def test_a_batch_without_a_hidden_word_costs_nothing():
    assert build(0.0)(None, samples(), mode='loss')['loss_mlm'] == 0


def test_loss_is_that_of_transformers():
    from transformers import BertConfig, BertForMaskedLM

    model = build(1.0)
    vocab = model.tokenizer.vocab_size
    theirs = BertForMaskedLM(BertConfig(vocab_size=vocab, **SIZES)).eval()
    state = model.state_dict()
    missing, unexpected = theirs.load_state_dict(state, strict=False)
    # Its output layer is tied to the words, as ours is.
    assert not unexpected
    assert set(missing) <= {
        'cls.predictions.decoder.weight',
        'cls.predictions.decoder.bias',
    }
    theirs.tie_weights()
    theirs.cls.predictions.decoder.bias.data = state['cls.predictions.bias']
    ids = model.tokenizer(TEXTS)
    mask = (ids != model.tokenizer.pad_id).long()
    with torch.no_grad():
        expected = theirs(input_ids=ids, attention_mask=mask).logits
        words = model.bert.embeddings.word_embeddings.weight
        logits = model.cls['predictions'](model.encode(ids), words)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('kind', ['ALBEFTextEncoder', 'BLIPTextEncoder'])
def test_text_towers_take_its_weights_as_those_of_bert(kind):
    model = build()
    tower = MODELS.build(
        dict(
            type=f'elip_mm.{kind}',
            vocab_size=model.tokenizer.vocab_size,
            embed_dims=16,
            num_layers=2,
            num_heads=2,
            context_length=32,
            **(dict(fusion_layer=1) if kind.startswith('ALBEF') else {}),
        )
    )
    state = {
        key: value
        for key, value in model.state_dict().items()
        if key.startswith('bert.')
    }
    state['bert.encoder.layer.0.intermediate.dense.weight'].fill_(0.5)
    missing, unexpected = tower.load_state_dict(state, strict=False)
    # BERT has never seen an image, and BLIP has no token types.
    assert all('crossattention' in k or 'position_ids' in k for k in missing)
    assert all('token_type' in key for key in unexpected)
    dense = tower.bert.encoder.layer[0].intermediate.dense.weight
    assert (dense == 0.5).all()


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match='predict'):
        build()(None, samples(), mode='predict')
