# Copyright (c) elip_mm contributors. All rights reserved.
import re
from typing import Dict

from torch import Tensor

from .momentum import convert_state, tower_rules

TEXT = [
    (r'(.+)', r'text_encoder.bert.\1'),
]

DECODER = [
    (
        r'text_decoder\.bert\.encoder\.layer\.(\d+)\.attention\.(.+)',
        r'text_decoder.attention.\1.\2',
    ),
    (r'text_decoder\.cls\.predictions\.(.+)', r'heads.lm.predictor.\1'),
]

RULES = [*DECODER, *tower_rules(TEXT)]

# Of the decoder, only self-attention and predictor are its own.
SHARED = r'text_decoder\.bert\.(?!encoder\.layer\.\d+\.attention\.)(.+)'


def tied_keys(state: Dict[str, Tensor]) -> Dict[str, str]:
    """Tensors of the decoder that repeat the encoder's.

    Args:
        state (dict[str, Tensor]): A state dict of BLIP.

    Returns:
        dict[str, str]: Key of the copy to key of the original.
    """
    tied = {}
    for key in state:
        match = re.fullmatch(SHARED, key)
        if match:
            tied[key] = f'text_encoder.{match.group(1)}'
    output = 'text_decoder.cls.predictions.decoder'
    words = 'text_encoder.embeddings.word_embeddings.weight'
    if f'{output}.weight' in state:
        tied[f'{output}.weight'] = words
    if f'{output}.bias' in state:
        tied[f'{output}.bias'] = 'text_decoder.cls.predictions.bias'
    return tied


def convert_blip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-training checkpoint of BLIP, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its entry ``model``.

    Returns:
        dict[str, Tensor]: For :class:`BLIPPretrainer`.
    """
    state = {
        key.removeprefix('module.'): value for key, value in state.items()
    }
    return convert_state(state, RULES, tied_keys(state))
