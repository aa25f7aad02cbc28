# Copyright (c) elip_mm contributors. All rights reserved.
from .gather import gather_rows
from .language import language_loss
from .sigmoid_pairs import global_sigmoid_loss, sigmoid_pair_loss
from .soft_target import soft_cross_entropy, soft_target_loss
from .softmax_pairs import softmax_pair_loss

__all__ = [
    'gather_rows',
    'global_sigmoid_loss',
    'language_loss',
    'sigmoid_pair_loss',
    'soft_cross_entropy',
    'soft_target_loss',
    'softmax_pair_loss',
]
