# Copyright (c) elip_mm contributors. All rights reserved.
"""Key tables for Vision Transformers, to mmpretrain's names.

The packing of query, key and value is the same everywhere, so names are all
that changes; CLIP keeps its class and position embeddings without the leading
batch dimension.
"""

from typing import Dict

from torch import Tensor

from .rules import lead_with_batch, rename

TIMM_VIT = [
    (r'(cls_token|pos_embed)', r'\1'),
    (r'patch_embed\.proj\.(weight|bias)', r'patch_embed.projection.\1'),
    (r'blocks\.(\d+)\.norm([12])\.(\w+)', r'layers.\1.ln\2.\3'),
    (r'blocks\.(\d+)\.attn\.(qkv|proj)\.(\w+)', r'layers.\1.attn.\2.\3'),
    (r'blocks\.(\d+)\.mlp\.fc1\.(\w+)', r'layers.\1.ffn.layers.0.0.\2'),
    (r'blocks\.(\d+)\.mlp\.fc2\.(\w+)', r'layers.\1.ffn.layers.1.\2'),
    (r'norm\.(\w+)', r'ln1.\1'),
]

CLIP_BLOCKS = [
    (r'resblocks\.(\d+)\.ln_([12])\.(\w+)', r'layers.\1.ln\2.\3'),
    (r'resblocks\.(\d+)\.attn\.in_proj_(\w+)', r'layers.\1.attn.qkv.\2'),
    (r'resblocks\.(\d+)\.attn\.out_proj\.(\w+)', r'layers.\1.attn.proj.\2'),
    (r'resblocks\.(\d+)\.mlp\.c_fc\.(\w+)', r'layers.\1.ffn.layers.0.0.\2'),
    (r'resblocks\.(\d+)\.mlp\.c_proj\.(\w+)', r'layers.\1.ffn.layers.1.\2'),
]

CLIP_VIT = [
    (r'class_embedding', 'cls_token'),
    (r'positional_embedding', 'pos_embed'),
    (r'conv1\.weight', 'patch_embed.projection.weight'),
    (r'ln_pre\.(\w+)', r'pre_norm.\1'),
    (r'ln_post\.(\w+)', r'ln1.\1'),
    *[(rf'transformer\.{key}', name) for key, name in CLIP_BLOCKS],
]


def convert_timm_vit(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a ViT of ALBEF, BLIP or timm.

    Args:
        state (dict[str, Tensor]): Its state dict without prefix.

    Returns:
        dict[str, Tensor]: For :class:`PrunedViT`.
    """
    return rename(state, TIMM_VIT)


def convert_clip_vit(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a ViT of CLIP, open_clip or METER, without its projection.

    Args:
        state (dict[str, Tensor]): Its state dict without prefix.

    Returns:
        dict[str, Tensor]: For :class:`PrunedViT` with ``pre_norm=True``.
    """
    return lead_with_batch(
        rename(state, CLIP_VIT), {'cls_token': 3, 'pos_embed': 3}
    )
