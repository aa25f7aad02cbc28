# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .adapter import StateDictAdapter
from .momentum import IGNORED, tower_rules

__all__ = ['RULES', 'from_blip', 'to_blip']

RULES = [
    (
        'text_decoder.bert.encoder.layer.{n}.attention.{rest}',
        'text_decoder.attention.{n}.{rest}',
    ),
    ('text_decoder.cls.predictions.{rest}', 'heads.lm.predictor.{rest}'),
    *tower_rules([('{rest}', 'text_encoder.bert.{rest}')]),
]
# Of the decoder, only self-attention and predictor are its own.
_TIED = [
    (
        'text_decoder.bert.embeddings.{rest}',
        'text_encoder.embeddings.{rest}',
    ),
    (
        'text_decoder.bert.encoder.layer.{n}.{kind}.{rest}',
        'text_encoder.encoder.layer.{n}'
        '.{kind:crossattention|intermediate|output}.{rest}',
    ),
    (
        'text_decoder.cls.predictions.decoder.weight',
        'text_encoder.embeddings.word_embeddings.weight',
    ),
    (
        'text_decoder.cls.predictions.decoder.bias',
        'text_decoder.cls.predictions.bias',
    ),
]
_BLIP = StateDictAdapter(RULES, _TIED, IGNORED)


def from_blip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-training checkpoint of BLIP, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its entry ``model``.

    Returns:
        dict[str, Tensor]: For :class:`BLIPPretrainer`.
    """
    return _BLIP.to_ours(state)


def to_blip(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-trained model back, see :func:`from_blip`.

    Args:
        state (dict[str, Tensor]): State dict of a :class:`BLIPPretrainer`.

    Returns:
        dict[str, Tensor]: The entry ``model`` of a checkpoint of BLIP.
    """
    return _BLIP.to_theirs(state)
