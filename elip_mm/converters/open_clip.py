# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .adapter import StateDictAdapter
from .rules import below
from .vit import CLIP_BLOCKS, CLIP_VIT

__all__ = ['RULES', 'from_open_clip', 'to_open_clip']

_TOWERS = [
    *below(CLIP_VIT, 'visual.', 'vision_backbone.'),
    ('visual.proj', 'vision_neck.proj'),
    ('token_embedding.weight', 'text_encoder.token_embedding.weight'),
    ('positional_embedding', 'text_encoder.pos_embed'),
    *below(CLIP_BLOCKS, 'transformer.', 'text_encoder.'),
    ('ln_final.{kind}', 'text_encoder.ln_final.{kind}'),
    ('text_projection', 'text_neck.proj'),
]
RULES = [*_TOWERS, ('logit_scale', 'heads.contrastive.logit_scale')]
_SIGMOID_RULES = [
    *_TOWERS,
    ('logit_scale', 'heads.sigmoid.logit_scale'),
    ('logit_bias', 'heads.sigmoid.logit_bias'),
]

_DIMS = {
    'vision_backbone.cls_token': (1, 3),
    'vision_backbone.pos_embed': (2, 3),
    'text_encoder.pos_embed': (2, 3),
}
# open_clip can leave out the norm in front of the layers.
_OPTIONAL = ['vision_backbone.pre_norm.{kind}']
_SOFTMAX = StateDictAdapter(RULES, optional=_OPTIONAL, dims=_DIMS)
_SIGMOID = StateDictAdapter(
    _SIGMOID_RULES,
    optional=_OPTIONAL,
    # There are files with vectors of one entry in place of numbers.
    dims={**_DIMS, 'heads.sigmoid.logit_bias': (0, 0)},
)


def from_open_clip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a dual encoder of open_clip, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its state dict, with or without the prefix
            ``module.`` of distributed training.

    Returns:
        dict[str, Tensor]: For :class:`SigLIPPretrainer` if there is a
        ``logit_bias``, else for :class:`CLIPPretrainer`.
    """
    has_bias = any(
        key.removeprefix('module.') == 'logit_bias' for key in state
    )
    return (_SIGMOID if has_bias else _SOFTMAX).to_ours(state)


def to_open_clip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a dual encoder back, see :func:`from_open_clip`.

    Args:
        state (dict[str, Tensor]): State dict of a :class:`CLIPPretrainer` or
            a :class:`SigLIPPretrainer`.

    Returns:
        dict[str, Tensor]: For open_clip.
    """
    sigmoid = any(key.startswith('heads.sigmoid.') for key in state)
    return (_SIGMOID if sigmoid else _SOFTMAX).to_theirs(state)
