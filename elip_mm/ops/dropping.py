# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from torch import Tensor

from elip_mm.structures import TokenPlan, widen

from .ranking import mark_best


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
