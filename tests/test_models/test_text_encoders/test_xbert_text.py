# Copyright (c) elip_mm contributors. All rights reserved.
"""The text encoders of ALBEF and BLIP, and the decoder of BLIP.

Acceptance: albef-text.
"""

import pytest
import torch
from torch import nn

from elip_mm.models.text_encoders import ALBEFTextEncoder
from elip_mm.models.text_encoders.xbert_text import bert_class
from tests.support.tiny_momentum import PAD, WIDTH, tiny_pretrainer, toy_pairs


def memory_of(model, images):
    return model.encode_image(images, reduce=False).tokens.detach()


def test_text_then_fusion_is_the_whole_pass():
    model = tiny_pretrainer('albef')
    images, ids = toy_pairs(3)
    memory, encoder = memory_of(model, images), model.text_encoder
    whole = encoder.read(ids, memory)
    halves = encoder.fuse(ids, encoder(ids).tokens, memory)
    assert torch.equal(whole, halves)


def test_lower_half_of_albef_does_not_look_at_images():
    layers = tiny_pretrainer('albef').text_encoder.bert.encoder.layer
    assert [hasattr(layer, 'crossattention') for layer in layers] == [
        False,
        False,
        True,
        True,
    ]


def test_token_types_are_added_by_albef_only():
    albef = tiny_pretrainer('albef').text_encoder
    _, ids = toy_pairs(2)
    before = albef(ids).tokens
    with torch.no_grad():
        types = albef.bert.embeddings.token_type_embeddings.weight
        types[0] += torch.randn(WIDTH)
    assert not torch.allclose(albef(ids).tokens, before, atol=1e-3)
    blip = tiny_pretrainer('blip').text_encoder
    assert not hasattr(blip.bert.embeddings, 'token_type_embeddings')


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_padding_is_never_looked_at(family):
    model = tiny_pretrainer(family)
    images, ids = toy_pairs(3)
    memory, encoder = memory_of(model, images), model.text_encoder
    longer = torch.cat([ids, ids.new_full((3, 0), PAD)], dim=1)
    shorter = ids[:1, : int((ids[0] != PAD).sum())]
    torch.testing.assert_close(
        encoder(longer).pooled[:1], encoder(shorter).pooled
    )
    torch.testing.assert_close(
        encoder.read(longer, memory)[:1, 0],
        encoder.read(shorter, memory[:1])[:, 0],
    )


def test_decoder_never_looks_ahead():
    model = tiny_pretrainer('blip')
    images, ids = toy_pairs(2)
    memory = memory_of(model, images)
    states = model.text_decoder(model.text_encoder, ids, memory)
    changed = ids.clone()
    changed[:, 3] = 7
    other = model.text_decoder(model.text_encoder, changed, memory)
    torch.testing.assert_close(other[:, :3], states[:, :3])
    assert not torch.allclose(other[:, 3:5], states[:, 3:5])


def test_decoder_is_that_of_mmpretrain():
    """The same numbers as ``XBertLMHeadDecoder`` with tied weights."""
    model = tiny_pretrainer('blip')
    images, ids = toy_pairs(3)
    memory, encoder = memory_of(model, images), model.text_encoder
    theirs = bert_class('XBertLMHeadDecoder')(encoder.bert.config.to_dict())
    theirs.bert.load_state_dict(encoder.bert.state_dict())
    for own, layer in zip(
        model.text_decoder.attention, theirs.bert.encoder.layer
    ):
        layer.attention.load_state_dict(own.state_dict())
    predictor = model.heads['lm'].predictor
    head = theirs.cls.predictions
    head.transform.load_state_dict(predictor.transform.state_dict())
    head.decoder.weight = encoder.vocabulary
    head.bias.data.copy_(predictor.bias)
    expected = theirs(
        ids,
        attention_mask=encoder.mask(ids),
        encoder_hidden_states=memory,
        return_dict=True,
        mode='multimodal',
    ).logits
    states = model.text_decoder(encoder, ids, memory)
    logits = predictor(states, encoder.vocabulary)
    torch.testing.assert_close(logits, expected)


def test_decoder_owns_self_attention_alone():
    model = tiny_pretrainer('blip')
    names = {n for n, _ in model.text_decoder.named_parameters()}
    assert all(n.startswith('attention.') for n in names)
    assert len(names) == 4 * 10
    # What it shares with the encoder is registered there, and there alone.
    named = list(model.named_parameters(remove_duplicate=False))
    assert len(named) == len({id(p) for _, p in named})
    decoder, encoder = model.text_decoder, model.text_encoder
    decoder.copy_from(encoder)
    own = decoder.attention[1].state_dict()
    source = encoder.bert.encoder.layer[1].attention
    for key, value in source.named_parameters():
        assert torch.equal(own[key], value)


def test_every_parameter_gets_a_gradient():
    for family in ('albef', 'blip'):
        model = tiny_pretrainer(family)
        losses = model.compute_losses(*toy_pairs(3))
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        for name, parameter in model.named_parameters():
            if not name.startswith('momentum_encoder.'):
                assert parameter.grad is not None, name


def test_old_names_of_norms_are_read():
    encoder = ALBEFTextEncoder(
        vocab_size=20,
        embed_dims=8,
        num_layers=2,
        num_heads=2,
        fusion_layer=1,
        context_length=6,
    )
    state = {
        key.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
            'LayerNorm.bias', 'LayerNorm.beta'
        ): value + 1
        for key, value in encoder.state_dict().items()
    }
    encoder.load_state_dict(state)
    for module in encoder.modules():
        if isinstance(module, nn.LayerNorm):
            assert torch.equal(module.weight, torch.full((8,), 2.0))


def test_a_fusion_layer_outside_of_the_encoder_is_refused():
    with pytest.raises(ValueError, match='fusion_layer must lie'):
        ALBEFTextEncoder(
            vocab_size=20, embed_dims=8, num_layers=2, num_heads=2
        )
