# Copyright (c) elip_mm contributors. All rights reserved.
from torch import Tensor

from elip_mm.utils.precision import widen


def soft_target_loss(
    logits: Tensor,
    momentum_logits: Tensor,
    target: Tensor,
    alpha: Tensor,
) -> Tensor:
    """Cross-entropy against a mixture of hard and soft targets.

    The target distribution of row b is
    ``alpha * softmax(momentum_logits[b]) + (1 - alpha) * onehot(target[b])``;
    it is never written down.

    Args:
        logits (Tensor): Shape ``(B, K)``.
        momentum_logits (Tensor): Shape ``(B, K)``, no gradient flows into
            them.
        target (Tensor): Right column of each row, int64, shape ``(B,)``.
        alpha (Tensor): Weight of the soft target, a scalar in [0, 1].

    Returns:
        Tensor: Mean over the rows, in nats.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, equation 6.
    """
    log_share = widen(logits).log_softmax(dim=-1)
    hard = -log_share.gather(1, target.unsqueeze(1)).squeeze(1)
    soft = soft_cross_entropy(log_share, momentum_logits)
    return ((1 - alpha) * hard + alpha * soft).mean()


def soft_cross_entropy(log_share: Tensor, momentum_logits: Tensor) -> Tensor:
    """Cross-entropy of each row against a soft distribution.

    Args:
        log_share (Tensor): Logarithm of the own distribution, shape
            ``(N, K)``.
        momentum_logits (Tensor): Shape ``(N, K)``.

    Returns:
        Tensor: In nats, shape ``(N,)``.
    """
    target = widen(momentum_logits.detach()).softmax(dim=-1)
    return -(target * log_share).sum(dim=-1)
