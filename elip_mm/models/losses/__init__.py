# Copyright (c) elip_mm contributors. All rights reserved.
from .gather import gather_rows
from .softmax_pairs import softmax_pair_loss

__all__ = ['gather_rows', 'softmax_pair_loss']
