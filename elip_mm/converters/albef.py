# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .adapter import StateDictAdapter
from .momentum import IGNORED, tower_rules

__all__ = ['RULES', 'from_albef', 'to_albef']

RULES = [
    # The online predictor lies in its head, its copy beside the towers.
    ('text_encoder.cls.predictions.{rest}', 'heads.mlm.predictor.{rest}'),
    (
        'text_encoder_m.cls.predictions.{rest}',
        'momentum_encoder.predictor.{rest}',
    ),
    *tower_rules([('bert.{rest}', 'text_encoder.bert.{rest}')]),
]
_TIED = [
    (
        '{tower:text_encoder|text_encoder_m}.cls.predictions.decoder.weight',
        '{tower}.bert.embeddings.word_embeddings.weight',
    ),
    (
        '{tower:text_encoder|text_encoder_m}.cls.predictions.decoder.bias',
        '{tower}.cls.predictions.bias',
    ),
]
_ALBEF = StateDictAdapter(RULES, _TIED, IGNORED)


def from_albef(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-training checkpoint of ALBEF, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its entry ``model``.

    Returns:
        dict[str, Tensor]: For :class:`ALBEFPretrainer`.
    """
    return _ALBEF.to_ours(state)


def to_albef(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-trained model back, see :func:`from_albef`.

    Args:
        state (dict[str, Tensor]): State dict of an :class:`ALBEFPretrainer`.

    Returns:
        dict[str, Tensor]: The entry ``model`` of a checkpoint of ALBEF.
    """
    return _ALBEF.to_theirs(state)
