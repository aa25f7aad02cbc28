# Copyright (c) elip_mm contributors. All rights reserved.
"""Small models with the same weights each time, for many tests."""

from contextlib import contextmanager
from typing import Iterator, Optional

import pytest
import torch
from mmengine.utils import digit_version
from torch import nn

from elip_mm.models.backbones import PrunedViT
from elip_mm.registry import MODELS
from elip_mm.structures import Hints

ARCH = dict(
    embed_dims=96, num_layers=12, num_heads=4, feedforward_channels=384
)
ELIP = dict(type='elip_mm.ELIPReducer')

# For tests that want a whole graph.
traceable = pytest.mark.skipif(
    digit_version(torch.__version__) < digit_version('2.5'),
    reason='torch 2.4 cannot trace dataclasses.replace',
)

_DRAW = torch.Generator().manual_seed(0)
IMAGES = torch.randn(3, 3, 64, 64, generator=_DRAW)
GUIDANCE = torch.randn(3, 96, generator=_DRAW)
HINTS = Hints(guidance=GUIDANCE)


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Draw the same numbers at every call, and leave the generator alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def perturb(module: nn.Module, seed: int = 0) -> nn.Module:
    """Move every parameter, so that nothing is zero or one by accident."""
    with torch.no_grad(), seeded(seed):
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
    return module


def tiny_vit(reducer: Optional[dict] = None, **kwargs) -> PrunedViT:
    """A 12-layer tower of 64 patches, 96 wide, the same at every call.

    Args:
        reducer (dict, optional): Config of a strategy. Defaults to None.
        **kwargs: Further arguments of :class:`PrunedViT`.
    """
    settings = dict(arch=ARCH, img_size=64, patch_size=8, out_type='raw')
    with seeded():
        vit = PrunedViT(**{**settings, **kwargs}, reducer=reducer)
    return perturb(vit)


def tiny_clip(reducer: Optional[dict] = None, **kwargs) -> nn.Module:
    """A dual encoder with such a tower and 50 words, the same at every call.

    Args:
        reducer (dict, optional): Config of a strategy. Defaults to None.
        **kwargs: Further arguments of the pre-trainer.
    """
    settings = dict(
        type='elip_mm.CLIPPretrainer',
        tokenizer=dict(
            type='elip_mm.StandInTokenizer', vocab_size=50, context_length=8
        ),
        vision_backbone=dict(
            type='elip_mm.PrunedViT',
            arch=ARCH,
            img_size=64,
            patch_size=8,
            pre_norm=True,
            reducer=reducer,
        ),
        text_encoder=dict(
            type='elip_mm.CLIPTextEncoder',
            vocab_size=50,
            context_length=8,
            embed_dims=48,
            num_layers=2,
            num_heads=4,
        ),
        vision_neck=dict(
            type='elip_mm.JointProjection', in_channels=96, out_channels=32
        ),
        text_neck=dict(
            type='elip_mm.JointProjection', in_channels=48, out_channels=32
        ),
        guidance=dict(type='elip_mm.TiedProjectionGuidance'),
        heads=dict(contrastive=dict(type='elip_mm.ContrastiveHead')),
    )
    with seeded():
        return MODELS.build({**settings, **kwargs})


def random_ids(batch: int, seed: int = 0) -> torch.Tensor:
    """Captions of 5 random words, end of text and padding, ``(B, 8)``."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.zeros(batch, 8, dtype=torch.long)
    ids[:, :5] = torch.randint(1, 49, (batch, 5), generator=draw)
    ids[:, 5] = 49
    return ids
