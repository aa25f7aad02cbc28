# Copyright (c) elip_mm contributors. All rights reserved.
from .gather import gather_rows
from .language import language_loss
from .soft_target import soft_cross_entropy, soft_target_loss
from .softmax_pairs import softmax_pair_loss

__all__ = [
    'gather_rows',
    'language_loss',
    'soft_cross_entropy',
    'soft_target_loss',
    'softmax_pair_loss',
]
