# Copyright (c) elip_mm contributors. All rights reserved.
"""Wrong partners for image-text matching."""

from typing import Optional, Tuple

import torch
from torch import Tensor

from elip_mm.utils.precision import widen


def draw_mismatches(
    batch: int,
    device: Optional[torch.device] = None,
    generator: Optional[torch.Generator] = None,
) -> Tuple[Tensor, Tensor]:
    """Replace the images of half a batch by others of the same batch.

    In a shuffled batch another image of the batch is a random image of the
    data set, and nothing has to be loaded twice.

    Args:
        batch (int): Number of pairs, ``B``. A single pair stays as it is.
        device (torch.device, optional): Defaults to None, the CPU.
        generator (torch.Generator, optional): Defaults to None, torch's own.

    Returns:
        tuple[Tensor, Tensor]: For each text the row of its image, never its
        own where it is replaced, and 1 where it is its own, else 0; both
        int64, shape ``(B,)``. The larger half is replaced if ``B`` is odd.

    Source: METER, https://arxiv.org/abs/2111.02387.
    """
    rows = torch.arange(batch, device=device)
    if batch < 2:
        return rows, torch.ones_like(rows)
    order = torch.randperm(batch, device=device, generator=generator)
    matched = (order < batch // 2).long()
    shift = torch.randint(
        1, batch, (batch,), device=device, generator=generator
    )
    return torch.where(matched > 0, rows, (rows + shift) % batch), matched


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
        all of whose candidates are right falls back on all but its own, and
        so does one with a similarity that is not finite: the draw goes on,
        and the losses tell what is wrong.
    """
    weights = widen(logits).softmax(dim=-1).nan_to_num(nan=0.0) + floor
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    right = own if same is None else own | same
    weights = weights.masked_fill(right, 0.0)
    without_negatives = weights.sum(dim=1, keepdim=True) == 0
    return torch.where(without_negatives, (~own).to(weights.dtype), weights)


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

    Raises:
        ValueError: If weights are not finite.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 3.2.
    """
    if how == 'hardest':
        return weights.argmax(dim=1)
    try:
        return torch.multinomial(weights, 1).squeeze(1)
    except RuntimeError as error:
        rows = (~weights.isfinite()).any(dim=1).nonzero().flatten().tolist()
        if not rows:
            raise
        raise ValueError(
            f'draw_negatives: weights of queries {rows[:8]} are not finite. '
            'The similarities that they come from are not, or features of '
            'these queries or of candidates; take negative_weights of '
            'features that are finite.'
        ) from error
