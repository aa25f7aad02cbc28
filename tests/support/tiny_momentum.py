# Copyright (c) elip_mm contributors. All rights reserved.
"""Small ALBEF and BLIP models, moved away from their start."""

from typing import Optional

import torch
from torch import nn

from elip_mm.registry import MODELS
from tests.support.tiny import perturb

WIDTH, JOINT, VOCAB, LENGTH = 32, 16, 50, 9
PAD, CLS, SEP, MASK, DEC, ENC = 0, 2, 3, 4, 48, 49
REDUCER = dict(
    type='elip_mm.ELIPReducer',
    stages=[
        dict(layer=1, look_ahead=1, keep_ratio=0.8),
        dict(layer=2, look_ahead=2, keep_ratio=0.4),
    ],
)


def settings(family: str, reducer: Optional[dict] = None) -> dict:
    """Config of a model with 16 patches, 4 + 4 layers, 32 wide.

    Args:
        family (str): ``'albef'`` or ``'blip'``.
        reducer (dict, optional): Config of a strategy. Defaults to None.
    """
    albef = family == 'albef'
    neck = dict(
        type='mmpretrain.Linear', in_features=WIDTH, out_features=JOINT
    )
    language = dict(
        type='elip_mm.LanguageHead', embed_dims=WIDTH, vocab_size=VOCAB
    )
    language.update(
        dict(name='mlm') if albef else dict(name='lm', label_smoothing=0.1)
    )
    encoder = dict(type='elip_mm.BLIPTextEncoder')
    if albef:
        encoder = dict(type='elip_mm.ALBEFTextEncoder', fusion_layer=2)
    return dict(
        type=f'elip_mm.{family.upper()}Pretrainer',
        tokenizer=dict(
            type='elip_mm.StandInTokenizer',
            vocab_size=VOCAB,
            context_length=LENGTH,
            pad_id=PAD,
            cls_id=CLS,
            mask_id=MASK,
            dec_id=DEC,
            enc_id=ENC,
        ),
        vision_backbone=dict(
            type='elip_mm.PrunedViT',
            arch=dict(
                embed_dims=WIDTH,
                num_layers=4,
                num_heads=4,
                feedforward_channels=64,
            ),
            img_size=32,
            patch_size=8,
            reducer=reducer,
        ),
        text_encoder=dict(
            vocab_size=VOCAB,
            context_length=LENGTH,
            embed_dims=WIDTH,
            num_layers=4,
            num_heads=4,
            dropout=0.0,
            **encoder,
        ),
        vision_neck=neck,
        text_neck=neck,
        guidance=dict(type='elip_mm.TextCLSGuidance'),
        heads=dict(
            itc=dict(type='elip_mm.MomentumContrastiveHead'),
            itm=dict(
                type='elip_mm.MatchingHead',
                embed_dims=WIDTH,
                negatives='hardest',
            ),
            **{language['name']: language},
        ),
        queue_size=10,
        joint_dims=JOINT,
    )


def tiny_pretrainer(
    family: str, reducer: Optional[dict] = REDUCER, seed: int = 0, **kwargs
) -> nn.Module:
    """Build one in training mode; its momentum encoder differs from it.

    Args:
        family (str): ``'albef'`` or ``'blip'``.
        reducer (dict, optional): Config of a strategy.
        seed (int): Of the weights. Defaults to 0.
        **kwargs: Further arguments of the pre-trainer.
    """
    torch.manual_seed(seed)
    model = MODELS.build({**settings(family, reducer), **kwargs})
    return perturb(model, seed).train()


def toy_pairs(batch: int, seed: int = 1):
    """Random images ``(B, 3, 32, 32)`` and captions of 4 to 8 words."""
    draw = torch.Generator().manual_seed(seed)
    images = torch.randn(batch, 3, 32, 32, generator=draw)
    ids = torch.randint(5, 48, (batch, LENGTH), generator=draw)
    ids[:, 0] = CLS
    for row, text in enumerate(ids):
        text[5 + row % 4 :] = PAD
    return images, ids


def total(losses: dict) -> torch.Tensor:
    """What mmengine would add up."""
    return sum(value for key, value in losses.items() if 'loss' in key)


def check_copies(model):
    """Fail unless the momentum encoder has the weights of what it copies."""
    for name, module in model.online_modules().items():
        copies = model.momentum_encoder.get_submodule(name).state_dict()
        for key, value in module.state_dict().items():
            assert torch.equal(value, copies[key]), f'{name}.{key}'
