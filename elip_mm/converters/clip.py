# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .rules import rename
from .vit import CLIP_BLOCKS, convert_clip_vit

TEXT = [
    (r'token_embedding\.weight', 'text_encoder.token_embedding.weight'),
    (r'positional_embedding', 'text_encoder.pos_embed'),
    (r'ln_final\.(\w+)', r'text_encoder.ln_final.\1'),
    (r'text_projection', 'text_neck.proj'),
    (r'logit_scale', 'heads.contrast.logit_scale'),
    *[
        (rf'transformer\.{key}', f'text_encoder.{name}')
        for key, name in CLIP_BLOCKS
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
    tower = {
        key[len('visual.') :]: value
        for key, value in state.items()
        if key.startswith('visual.')
    }
    converted = {'vision_neck.proj': tower.pop('proj')}
    for key, value in convert_clip_vit(tower).items():
        converted[f'vision_backbone.{key}'] = value
    rest = {
        key: value
        for key, value in state.items()
        if not key.startswith('visual.')
    }
    converted.update(rename(rest, TEXT))
    name = 'text_encoder.pos_embed'
    converted[name] = converted[name].unsqueeze(0)
    return converted
