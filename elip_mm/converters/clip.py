# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .rules import lead_with_batch, rename
from .vit import CLIP_BLOCKS, CLIP_VIT

TEXT = [
    (r'token_embedding\.weight', 'text_encoder.token_embedding.weight'),
    (r'positional_embedding', 'text_encoder.pos_embed'),
    (r'ln_final\.(\w+)', r'text_encoder.ln_final.\1'),
    (r'text_projection', 'text_neck.proj'),
    (r'logit_scale', 'heads.contrastive.logit_scale'),
    *[
        (rf'transformer\.{key}', f'text_encoder.{name}')
        for key, name in CLIP_BLOCKS
    ],
]

CLIP = [
    *TEXT,
    (r'visual\.proj', 'vision_neck.proj'),
    *[
        (rf'visual\.(?:{key})', f'vision_backbone.{name}')
        for key, name in CLIP_VIT
    ],
]


def convert_clip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert an open_clip dual encoder, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its state dict; a ``module.`` prefix, as
            distributed training leaves it, is removed.

    Returns:
        dict[str, Tensor]: For :class:`CLIPPretrainer`.
    """
    state = {
        key.removeprefix('module.'): value for key, value in state.items()
    }
    return lead_with_batch(
        rename(state, CLIP),
        {
            'vision_backbone.cls_token': 3,
            'vision_backbone.pos_embed': 3,
            'text_encoder.pos_embed': 3,
        },
    )
