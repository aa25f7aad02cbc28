# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch.nn.functional as F
from torch import Tensor

from elip_mm.utils.precision import widen

from .soft_target import soft_cross_entropy


def language_loss(
    logits: Tensor,
    labels: Tensor,
    label_smoothing: float = 0.0,
    momentum_logits: Optional[Tensor] = None,
    alpha: Optional[Tensor] = None,
) -> Tensor:
    """Loss of each token that is to be predicted.

    Targets are ids throughout: no distribution over the vocabulary is written
    down but that of the momentum encoder.

    Args:
        logits (Tensor): Shape ``(N, V)``.
        labels (Tensor): Right token of each row, int64, shape ``(N,)``;
            negative ones cost nothing.
        label_smoothing (float): Share of the target that is spread evenly
            over the vocabulary. Defaults to 0.
        momentum_logits (Tensor, optional): Soft labels, shape ``(N, V)``.
            Defaults to None.
        alpha (Tensor, optional): Share of the soft labels, a scalar in
            [0, 1]; goes with ``momentum_logits``. Defaults to None.

    Returns:
        Tensor: In nats, shape ``(N,)``. Divide the sum by the number of
        tokens, not of texts.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, equation 7; BLIP,
    https://arxiv.org/abs/2201.12086.
    """
    logits, valid = widen(logits), labels >= 0
    safe = labels.clamp(min=0)
    hard = F.cross_entropy(
        logits, safe, reduction='none', label_smoothing=label_smoothing
    )
    if momentum_logits is not None and alpha is not None:
        soft = soft_cross_entropy(logits.log_softmax(dim=-1), momentum_logits)
        hard = (1 - alpha) * hard + alpha * soft
    return hard * valid
