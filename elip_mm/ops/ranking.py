# Copyright (c) elip_mm contributors. All rights reserved.
import torch
from torch import Tensor


def rank(scores: Tensor) -> Tensor:
    """Order the entries of each row from the highest score down.

    Args:
        scores (Tensor): Shape ``(B, N)``.

    Returns:
        Tensor: Positions, int64, shape ``(B, N)``; of equal scores the one
        that comes first is ranked first.
    """
    return torch.argsort(scores, dim=1, descending=True, stable=True)


def mark_best(scores: Tensor, num_keep: int) -> Tensor:
    """Mark the highest scores of each row.

    Args:
        scores (Tensor): Shape ``(B, N)``.
        num_keep (int): How many to mark in each row.

    Returns:
        Tensor: Bool, shape ``(B, N)``; ties as in :func:`rank`.
    """
    nothing = torch.zeros_like(scores, dtype=torch.bool)
    return nothing.scatter(1, rank(scores)[:, :num_keep], True)
