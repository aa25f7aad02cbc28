# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .momentum import convert_state, tower_rules

TEXT = [
    (r'bert\.(.+)', r'text_encoder.bert.\1'),
]

# The online predictor lies in its head, its copy beside the twin's towers.
PREDICTOR = [
    (
        r'text_encoder\.cls\.predictions\.(.+)',
        r'heads.mlm.predictor.\1',
    ),
    (
        r'text_encoder_m\.cls\.predictions\.(.+)',
        r'momentum_encoder.predictor.\1',
    ),
]

RULES = [*PREDICTOR, *tower_rules(TEXT)]

TIED = {
    f'{tower}.cls.predictions.decoder.{copy}': f'{tower}.{original}'
    for tower in ('text_encoder', 'text_encoder_m')
    for copy, original in (
        ('weight', 'bert.embeddings.word_embeddings.weight'),
        ('bias', 'cls.predictions.bias'),
    )
}


def convert_albef(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-training checkpoint of ALBEF, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its entry ``model``.

    Returns:
        dict[str, Tensor]: For :class:`ALBEFPretrainer`.
    """
    return convert_state(state, RULES, TIED)
