# Copyright (c) elip_mm contributors. All rights reserved.
"""Key tables for Vision Transformers, to mmpretrain's names.

The packing of query, key and value is the same everywhere, so names are all
that changes; CLIP keeps its class and position embeddings without the leading
batch dimension.
"""

from typing import Dict

from torch import Tensor

from .adapter import StateDictAdapter
from .rules import below

__all__ = [
    'CLIP_BLOCKS',
    'CLIP_DIMS',
    'CLIP_VIT',
    'TIMM_VIT',
    'from_clip_vit',
    'from_timm_vit',
    'to_clip_vit',
    'to_timm_vit',
]

TIMM_VIT = [
    ('cls_token', 'cls_token'),
    ('pos_embed', 'pos_embed'),
    ('patch_embed.proj.{kind}', 'patch_embed.projection.{kind}'),
    ('blocks.{n}.norm{i}.{kind}', 'layers.{n}.ln{i}.{kind}'),
    (
        'blocks.{n}.attn.{kind:qkv|proj}.{rest}',
        'layers.{n}.attn.{kind}.{rest}',
    ),
    ('blocks.{n}.mlp.fc1.{kind}', 'layers.{n}.ffn.layers.0.0.{kind}'),
    ('blocks.{n}.mlp.fc2.{kind}', 'layers.{n}.ffn.layers.1.{kind}'),
    ('norm.{kind}', 'ln1.{kind}'),
]

CLIP_BLOCKS = [
    ('resblocks.{n}.ln_{i}.{kind}', 'layers.{n}.ln{i}.{kind}'),
    ('resblocks.{n}.attn.in_proj_{kind}', 'layers.{n}.attn.qkv.{kind}'),
    ('resblocks.{n}.attn.out_proj.{kind}', 'layers.{n}.attn.proj.{kind}'),
    ('resblocks.{n}.mlp.c_fc.{kind}', 'layers.{n}.ffn.layers.0.0.{kind}'),
    ('resblocks.{n}.mlp.c_proj.{kind}', 'layers.{n}.ffn.layers.1.{kind}'),
]

CLIP_VIT = [
    ('class_embedding', 'cls_token'),
    ('positional_embedding', 'pos_embed'),
    ('conv1.weight', 'patch_embed.projection.weight'),
    ('ln_pre.{kind}', 'pre_norm.{kind}'),
    ('ln_post.{kind}', 'ln1.{kind}'),
    *below(CLIP_BLOCKS, 'transformer.', ''),
]
CLIP_DIMS = dict(cls_token=(1, 3), pos_embed=(2, 3))

_TIMM = StateDictAdapter(TIMM_VIT)
_CLIP = StateDictAdapter(CLIP_VIT, dims=CLIP_DIMS)


def from_timm_vit(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a ViT of ALBEF, BLIP or timm.

    Args:
        state (dict[str, Tensor]): Its state dict without prefix.

    Returns:
        dict[str, Tensor]: For :class:`PrunedViT`.
    """
    return _TIMM.to_ours(state)


def to_timm_vit(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a vision tower back, see :func:`from_timm_vit`.

    Args:
        state (dict[str, Tensor]): State dict of a :class:`PrunedViT`.

    Returns:
        dict[str, Tensor]: For a ViT of ALBEF, BLIP or timm.
    """
    return _TIMM.to_theirs(state)


def from_clip_vit(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a ViT of CLIP, open_clip or METER, without its projection.

    Args:
        state (dict[str, Tensor]): Its state dict without prefix.

    Returns:
        dict[str, Tensor]: For :class:`PrunedViT` with ``pre_norm=True``.
    """
    return _CLIP.to_ours(state)


def to_clip_vit(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a vision tower back, see :func:`from_clip_vit`.

    Args:
        state (dict[str, Tensor]): State dict of a :class:`PrunedViT` with
            ``pre_norm=True``.

    Returns:
        dict[str, Tensor]: For a ViT of CLIP, open_clip or METER.
    """
    return _CLIP.to_theirs(state)
