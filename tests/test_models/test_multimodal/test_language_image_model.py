# Copyright (c) elip_mm contributors. All rights reserved.
"""The frame: frozen parts, any pooling, any text encoder."""

import copy

import pytest
import torch
import torch.nn.functional as F

from elip_mm.analysis.counters import count_flops, saved_bytes
from elip_mm.models.multimodal import LanguageImageModel
from elip_mm.registry import MODELS
from tests.support.tiny import (
    ARCH,
    ELIP,
    IMAGES,
    random_ids,
    seeded,
    tiny_clip,
)
from tests.support.tiny_momentum import REDUCER, settings, total, toy_pairs

BERT = dict(
    type='elip_mm.HFTextEncoder',
    config=dict(
        model_type='bert',
        vocab_size=50,
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=16,
    ),
)
NATIVE_TOWER = dict(
    type='elip_mm.PrunedViT',
    arch=ARCH,
    img_size=64,
    patch_size=8,
    with_cls_token=False,
    out_type='raw',
    reducer=ELIP,
)


def losses_of(model, batch=3):
    return model.compute_losses(IMAGES[:batch], random_ids(batch))


# ---- frozen parts ----------------------------------------------------------


def test_a_frozen_text_encoder_gets_no_gradient_and_stays_in_evaluation():
    model = tiny_clip(ELIP, frozen=('text_encoder',)).train()
    assert model.training and not model.text_encoder.training
    total(losses_of(model)).backward()
    assert all(p.grad is None for p in model.text_encoder.parameters())
    assert model.text_neck.proj.grad is not None
    assert model.vision_backbone.cls_token.grad is not None


def test_freezing_changes_no_value():
    free, frozen = (
        tiny_clip(ELIP, frozen=parts).train()
        for parts in ((), ('text_encoder',))
    )
    for name, value in losses_of(free).items():
        assert torch.equal(value, losses_of(frozen)[name]), name


@pytest.mark.parametrize('part', ['text_encoder', 'vision_backbone'])
def test_a_frozen_tower_is_not_paid_for_as_training(part):
    free, frozen = (tiny_clip(frozen=parts).train() for parts in ((), (part,)))
    flops = [
        count_flops(lambda model=model: total(losses_of(model)).backward())
        for model in (free, frozen)
    ]
    kept = [
        saved_bytes(
            lambda model=model: total(losses_of(model)), model.parameters()
        )
        for model in (free, frozen)
    ]
    with torch.no_grad():
        tower = getattr(free, part)
        inputs = random_ids(3) if part == 'text_encoder' else IMAGES
        forward = count_flops(lambda: tower(inputs))
    # A backward pass costs at least as much as the forward one.
    assert flops[1] < flops[0] - forward
    assert kept[1] < kept[0]


def test_a_frozen_part_must_exist():
    with pytest.raises(ValueError, match="'txt_encoder', which is no part"):
        tiny_clip(frozen=('txt_encoder',))


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_a_frozen_tower_has_no_momentum_copy(family):
    model = MODELS.build(
        dict(settings(family, REDUCER), frozen=('vision_backbone',))
    ).train()
    copies = dict(model.momentum_encoder.named_children())
    assert 'vision_backbone' not in copies and 'text_encoder' in copies
    before = copy.deepcopy(model.vision_backbone.state_dict())
    total(model.compute_losses(*toy_pairs(3))).backward()
    for name, value in model.vision_backbone.state_dict().items():
        assert torch.equal(value, before[name]), name
    images, ids = toy_pairs(3)
    pairs = model.encode_pairs(images, ids)
    seen = model.vision_backbone.encode(images, reduce=False)
    assert torch.equal(pairs.momentum.vision.tokens, seen.tokens)


# ---- any pooling in the momentum encoder ---------------------------------


def momentum_model(**changes):
    """An ALBEF with another image tower or neck."""
    cfg = settings('albef', REDUCER)
    tower = dict(cfg['vision_backbone'], **changes['vision_backbone'])
    cfg.update(changes, vision_backbone=tower)
    with seeded():
        return MODELS.build(cfg).train()


@pytest.mark.parametrize(
    'changes',
    [
        dict(vision_backbone=dict(with_cls_token=False, out_type='raw')),
        dict(
            vision_backbone=dict(with_cls_token=False, out_type='raw'),
            vision_neck=dict(
                type='elip_mm.AttentionPooling',
                in_channels=32,
                out_channels=16,
                num_heads=4,
            ),
        ),
    ],
    ids=['mean', 'attention'],
)
def test_the_momentum_encoder_pools_as_the_online_one(changes):
    model = momentum_model(**changes)
    total(model.compute_losses(*toy_pairs(3))).backward()
    images, ids = toy_pairs(3)
    # Before its first update the copies are the originals.
    model = momentum_model(**changes).eval()
    with torch.no_grad():
        found = model.encode_pairs(images, ids, reduce=False)
    torch.testing.assert_close(found.image_embed, found.momentum.image_embed)
    state = model.vision_backbone.encode(images, reduce=False)
    if 'vision_neck' in changes:
        pooled = model.vision_neck(state.tokens)
    else:
        pooled = model.vision_neck(state.tokens.mean(1))
    expected = F.normalize(pooled, dim=-1)
    torch.testing.assert_close(found.momentum.image_embed, expected)


# ---- any text encoder ------------------------------------------------------


@pytest.mark.parametrize('pooling', ['cls', 'mean', 'last'])
@pytest.mark.parametrize('family', ['CLIP', 'SigLIP'])
def test_an_encoder_of_transformers_in_a_dual_encoder(family, pooling):
    heads = dict(contrastive=dict(type='elip_mm.ContrastiveHead'))
    changes = dict(heads=heads)
    if family == 'SigLIP':
        changes = dict(
            heads=dict(sigmoid=dict(type='elip_mm.SigmoidHead')),
            vision_backbone=NATIVE_TOWER,
            vision_neck=dict(
                type='elip_mm.AttentionPooling',
                in_channels=96,
                out_channels=32,
                num_heads=4,
            ),
        )
    model = tiny_clip(
        ELIP,
        type=f'elip_mm.{family}Pretrainer',
        text_encoder=dict(BERT, pooling=pooling),
        **changes,
    ).train()
    losses = losses_of(model)
    total(losses).backward()
    assert torch.isfinite(total(losses))
    for name, parameter in model.text_encoder.named_parameters():
        assert parameter.grad is not None, name


def test_poolings_are_what_their_names_say():
    ids = random_ids(3)  # six words and two of padding
    found = {}
    for pooling in ('cls', 'mean', 'last'):
        with seeded():
            encoder = MODELS.build(dict(BERT, pooling=pooling)).eval()
        found[pooling] = encoder(ids)
    tokens = found['cls'].tokens
    assert torch.equal(found['cls'].pooled, tokens[:, 0])
    torch.testing.assert_close(found['mean'].pooled, tokens[:, :6].mean(1))
    assert torch.equal(found['last'].pooled, tokens[:, 5])


def test_an_unknown_pooling_is_named():
    with pytest.raises(ValueError, match="one of .*'cls', 'last', 'mean'"):
        MODELS.build(dict(BERT, pooling='max'))


def test_padding_must_mean_the_same_to_both():
    config = dict(BERT['config'], pad_token_id=1)
    encoder = dict(BERT, config=config)
    tokenizer = dict(
        type='elip_mm.StandInTokenizer',
        vocab_size=50,
        context_length=8,
        pad_id=0,
    )
    with pytest.raises(ValueError, match='pads with 0, but the text encoder'):
        tiny_clip(text_encoder=encoder, tokenizer=tokenizer)


# ---- the frame by itself --------------------------------------------------


def test_a_model_without_a_loss_says_so():
    model = tiny_clip(type='elip_mm.LanguageImageModel')
    assert isinstance(model, LanguageImageModel)
    with pytest.raises(NotImplementedError, match='has no loss'):
        model(IMAGES, [], mode='loss')
