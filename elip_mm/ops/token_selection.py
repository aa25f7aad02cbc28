# Copyright (c) elip_mm contributors. All rights reserved.
"""Rank tokens; keep the best and fuse or drop the others."""

from typing import Optional

import torch
from torch import Tensor

from elip_mm.structures import TokenPlan
from elip_mm.utils.precision import widen

from .plan_checks import check_count, check_selection


def keep_and_fuse(
    scores: Tensor,
    num_keep: int,
    num_prefix: int = 1,
    normalize: bool = True,
    eps: float = 1e-6,
) -> Optional[TokenPlan]:
    """Keep the best-scored patch tokens and fuse the others into one.

    Kept tokens stay in image order; the fused token comes last and is an
    ordinary token from then on, so a later stage may keep or fuse it again.
    Ties go to the token that comes first.

    Args:
        scores (Tensor): Importance of every token, non-negative, shape
            ``(B, N)``. Entries of prefix tokens are ignored.
        num_keep (int): Number of patch tokens to keep, a count, not a ratio.
        num_prefix (int): Leading tokens that always stay. Defaults to 1.
        normalize (bool): Whether the fusing weights are divided by their sum
            (ELIP) or are the raw scores (EViT). Defaults to True.
        eps (float): Added to that sum, so the weights add up to
            ``S / (S + eps)``. Defaults to 1e-6.

    Returns:
        TokenPlan or None: From ``N`` tokens to
        ``num_prefix + num_keep + 1``; None if nothing would be fused. The
        fusing weights carry a gradient if the scores do.

    Source: ELIP, https://arxiv.org/abs/2309.16738; EViT,
    https://arxiv.org/abs/2202.07800.
    """
    check_selection('keep_and_fuse', num_keep, num_prefix, scores)
    patch_scores = widen(scores[:, num_prefix:])
    batch, num_patches = patch_scores.shape
    if num_keep >= num_patches:
        return None

    with torch.no_grad():  # a sort would store indices for a backward pass
        kept = mark_best(patch_scores, num_keep)
    fusing = patch_scores.masked_fill(kept, 0.0)
    if normalize:
        fusing = fusing / (fusing.sum(dim=1, keepdim=True) + eps)
    weight = torch.where(kept, torch.ones_like(fusing), fusing)

    # The running count numbers the kept tokens in image order.
    target = kept.cumsum(dim=1) - 1
    target = target.masked_fill(~kept, num_keep) + num_prefix

    prefix = torch.arange(num_prefix, device=scores.device).expand(batch, -1)
    return TokenPlan(
        target=torch.cat([prefix, target], dim=1),
        weight=torch.cat([weight.new_ones(batch, num_prefix), weight], dim=1),
        num_tokens=num_prefix + num_keep + 1,
    )


@torch.no_grad()
def keep_and_drop(
    scores: Tensor, num_keep: int, num_prefix: int = 1
) -> Optional[TokenPlan]:
    """Keep the best-scored patch tokens and drop the others.

    Kept tokens stay in image order. Ties go to the token that comes first.

    Args:
        scores (Tensor): Importance of every *patch* token, shape ``(B, n)``.
        num_keep (int): Number of patch tokens to keep, a count.
        num_prefix (int): Leading tokens that always stay, without scores.
            Defaults to 1.

    Returns:
        TokenPlan or None: From ``num_prefix + n`` tokens to
        ``num_prefix + num_keep``; None if nothing would be dropped.

    Source: FLIP, https://arxiv.org/abs/2212.00794.
    """
    check_selection('keep_and_drop', num_keep, 0, scores)
    check_count('keep_and_drop', 'num_prefix', num_prefix)
    scores = widen(scores)
    batch, num_patches = scores.shape
    if num_keep >= num_patches:
        return None
    kept = mark_best(scores, num_keep)
    target = kept.cumsum(dim=1) - 1 + num_prefix
    target = target.masked_fill(~kept, -1)
    prefix = torch.arange(num_prefix, device=scores.device).expand(batch, -1)
    return TokenPlan(
        target=torch.cat([prefix, target], dim=1),
        weight=scores.new_ones(batch, num_prefix + num_patches),
        num_tokens=num_prefix + num_keep,
    )


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
