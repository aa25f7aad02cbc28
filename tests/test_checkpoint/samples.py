# Copyright (c) elip_mm contributors. All rights reserved.
"""Checkpoints as other code, and as nobody should, writes them."""

import numpy as np
from mmengine.logging import HistoryBuffer
from torch import nn


def foreign_checkpoint():
    """What mmengine saves without our hook."""
    return dict(
        meta=dict(epoch=1, iter=7, cfg='a = 1'),
        state_dict=nn.Linear(2, 3).state_dict(),
        message_hub=dict(
            log_scalars={
                'train/loss': HistoryBuffer([3.0, 2.0], [1, 1]),
                'train/num': HistoryBuffer([3, 2], [1, 1]),
            },
            runtime_info=dict(eta=np.float64(3.5), step=np.int64(4)),
            resumed_keys={'train/loss': True},
        ),
    )


class Evil:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call
