# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Tuple

import torch
from torch import Tensor


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
