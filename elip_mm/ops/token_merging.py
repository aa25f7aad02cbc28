# Copyright (c) elip_mm contributors. All rights reserved.
"""Merge tokens that are alike."""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor

from elip_mm.structures import TokenPlan
from elip_mm.utils.precision import exact, widen

from .plan_checks import check_count, check_selection
from .token_selection import mark_best, rank


def most_merges(num_tokens: int, num_prefix: int) -> int:
    """How many tokens one matching can remove at most.

    Args:
        num_tokens (int): Tokens, prefix included.
        num_prefix (int): Leading tokens that are protected.

    Returns:
        int: At most half of the patch tokens, and only those in even
        positions.
    """
    num_patches = num_tokens - num_prefix
    odd = num_tokens // 2 - num_prefix // 2
    return min(num_patches - odd, num_patches // 2)


@torch.no_grad()
def match_halves(
    metric: Tensor, sizes: Tensor, num_merge: int, num_prefix: int = 1
) -> Optional[TokenPlan]:
    """Bipartite soft matching.

    Tokens alternate between two sets by their position, the first one in set
    A. Each token of A is paired with the most similar of B; the
    ``num_merge`` most similar pairs are merged, each token with the weight
    of the patches it stands for. What is left of A comes first, then B.
    Prefix tokens are in no set and keep their places.

    Args:
        metric (Tensor): What similarity is the cosine of, shape
            ``(B, N, d)``.
        sizes (Tensor): Patches folded into each token, shape ``(B, N)``.
        num_merge (int): Tokens to remove, at most :func:`most_merges`.
        num_prefix (int): Leading tokens that are protected. Defaults to 1.

    Returns:
        TokenPlan or None: From ``N`` tokens to ``N - num_merge``; None if
        there is nothing to merge.

    Source: ToMe, https://arxiv.org/abs/2210.09461, section 3; written from
    the paper.
    """
    check_selection('match_halves', 0, num_prefix, metric=metric)
    batch, length, _ = metric.shape
    num_merge = min(num_merge, most_merges(length, num_prefix))
    if num_merge <= 0:
        return None
    metric = F.normalize(widen(metric), dim=-1)
    first = num_prefix + num_prefix % 2  # first even position of a patch
    other = num_prefix + 1 - num_prefix % 2
    with exact(metric.device):
        likeness = metric[:, first::2] @ metric[:, other::2].transpose(1, 2)
    likeness, partner = likeness.max(dim=-1)

    # Where the tokens of A and of B go.
    num_a, num_b = likeness.shape[1], (length - other + 1) // 2
    num_left = num_a - num_merge
    leaving = mark_best(likeness, num_merge)
    to_b = num_prefix + num_left + partner
    stay = num_prefix + (~leaving).cumsum(dim=1) - 1
    target_a = torch.where(leaving, to_b, stay)
    place_b = torch.arange(num_b, device=metric.device)
    target = partner.new_empty(batch, length)
    target[:, :num_prefix] = torch.arange(num_prefix, device=metric.device)
    target[:, first::2] = target_a
    target[:, other::2] = num_prefix + num_left + place_b

    num_tokens = length - num_merge
    sizes = sizes.to(metric.dtype)
    total = sizes.new_zeros(batch, num_tokens).scatter_add(1, target, sizes)
    return TokenPlan(
        target=target,
        weight=sizes / total.gather(1, target),
        num_tokens=num_tokens,
    )


@torch.no_grad()
def keep_and_group(
    scores: Tensor,
    metric: Tensor,
    num_keep: int,
    num_groups: int,
    num_prefix: int = 1,
    eps: float = 1e-6,
) -> Optional[TokenPlan]:
    """Keep the best-scored patch tokens and merge the others into several.

    The best-scored of the others become centres; each further one joins the
    centre whose metric is most similar. A group becomes the mean of its
    tokens, weighted by their scores. Kept tokens stay in image order, the
    groups follow in the order of their centres' scores.

    Args:
        scores (Tensor): Importance of every token, non-negative, shape
            ``(B, N)``. Entries of prefix tokens are ignored.
        metric (Tensor): What similarity is the cosine of, ``(B, N, d)``.
        num_keep (int): Number of patch tokens to keep, a count.
        num_groups (int): Tokens that the others are merged into.
        num_prefix (int): Leading tokens that always stay. Defaults to 1.
        eps (float): Added to the scores of a group. Defaults to 1e-6.

    Returns:
        TokenPlan or None: From ``N`` tokens to
        ``num_prefix + num_keep + num_groups``; None if there are not more
        others than groups.
    """
    check_selection('keep_and_group', num_keep, num_prefix, scores, metric)
    check_count('keep_and_group', 'num_groups', num_groups, low=1)
    scores = widen(scores[:, num_prefix:])
    batch, num_patches = scores.shape
    if num_patches - num_keep <= num_groups:
        return None
    order = rank(scores)
    centres = order[:, num_keep : num_keep + num_groups]
    metric = F.normalize(widen(metric[:, num_prefix:]), dim=-1)
    index = centres.unsqueeze(-1).expand(-1, -1, metric.shape[-1])
    with exact(metric.device):
        likeness = metric @ metric.gather(1, index).transpose(1, 2)
    group = likeness.argmax(dim=-1)
    # A centre belongs to itself, whatever rounding says.
    numbers = torch.arange(num_groups, device=scores.device)
    group = group.scatter(1, centres, numbers.expand(batch, -1))

    kept = torch.zeros_like(scores, dtype=torch.bool)
    kept = kept.scatter(1, order[:, :num_keep], True)
    target = torch.where(kept, kept.cumsum(dim=1) - 1, num_keep + group)
    total = scores.new_zeros(batch, num_keep + num_groups)
    total = total.scatter_add(1, target, scores)
    weight = scores / (total.gather(1, target) + eps)
    weight = torch.where(kept, torch.ones_like(weight), weight)

    prefix = torch.arange(num_prefix, device=scores.device).expand(batch, -1)
    return TokenPlan(
        target=torch.cat([prefix, target + num_prefix], dim=1),
        weight=torch.cat([weight.new_ones(batch, num_prefix), weight], dim=1),
        num_tokens=num_prefix + num_keep + num_groups,
    )
