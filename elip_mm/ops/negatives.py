# Copyright (c) elip_mm contributors. All rights reserved.
"""Choosing wrong partners that look right."""

from typing import Optional

import torch
from torch import Tensor

from elip_mm.structures import widen


@torch.no_grad()
def negative_weights(
    logits: Tensor, same: Optional[Tensor] = None, floor: float = 1e-4
) -> Tensor:
    """Probabilities, up to a factor, with which negatives are drawn.

    Args:
        logits (Tensor): Similarity of each query to each candidate, divided
            by the temperature, shape ``(B, B)``; the partner of query b is
            candidate b.
        same (Tensor, optional): Further candidates that are right, such as
            other captions of the same image, bool, shape ``(B, B)``.
            Defaults to None.
        floor (float): Added to every share. Without it a row can underflow
            to zeros once the partner is taken out. Defaults to 1e-4.

    Returns:
        Tensor: Shape ``(B, B)``, at least float32; zero for partners. A query
        all of whose candidates are right falls back on all but its own.
    """
    weights = widen(logits).softmax(dim=-1) + floor
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    right = own if same is None else own | same
    weights = weights.masked_fill(right, 0.0)
    barren = weights.sum(dim=1, keepdim=True) == 0
    return torch.where(barren, (~own).to(weights.dtype), weights)


@torch.no_grad()
def draw_negatives(weights: Tensor, how: str = 'sample') -> Tensor:
    """Choose one candidate for each query, all at once.

    Args:
        weights (Tensor): From :func:`negative_weights`, shape ``(B, B)`` with
            ``B`` at least 2.
        how (str): ``'sample'`` draws by the weights, ``'hardest'`` takes the
            largest. Defaults to 'sample'.

    Returns:
        Tensor: Index of the candidate, int64, shape ``(B,)``.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 3.2.
    """
    if how == 'hardest':
        return weights.argmax(dim=1)
    return torch.multinomial(weights, 1).squeeze(1)
