# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .clip import convert_clip

SCALE, BIAS = 'heads.sigmoid.logit_scale', 'heads.sigmoid.logit_bias'


def convert_open_clip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a dual encoder of open_clip, whichever loss it was trained by.

    Args:
        state (dict[str, Tensor]): Its state dict, with or without the prefix
            ``module.`` of distributed training.

    Returns:
        dict[str, Tensor]: For :class:`SigLIPPretrainer` if there is a
        ``logit_bias``, else for :class:`CLIPPretrainer`.
    """
    state = {
        key.removeprefix('module.'): value for key, value in state.items()
    }
    bias = state.pop('logit_bias', None)
    converted = convert_clip(state)
    if bias is not None:
        converted[SCALE] = converted.pop('heads.contrastive.logit_scale')
        converted[BIAS] = bias.reshape(())
    return converted
