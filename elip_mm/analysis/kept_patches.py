# Copyright (c) elip_mm contributors. All rights reserved.
"""What becomes of tokens and patches: how many are left, and which."""

from typing import List, Optional

import torch
from torch import Tensor

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints, TokenState


@torch.no_grad()
def tokens_per_layer(
    backbone: PrunedViT, images: Tensor, hints: Optional[Hints] = None
) -> List[int]:
    """Sequence length with which each layer is left.

    Args:
        backbone (PrunedViT): The tower.
        images (Tensor): Shape ``(B, 3, H, W)``.
        hints (Hints, optional): What comes from outside. Defaults to None.

    Returns:
        list[int]: Tokens after each layer, prefix included.
    """
    states = backbone.states(images, hints)
    return [states[index].tokens.shape[1] for index in sorted(states)]


def kept_patches(state: TokenState) -> Tensor:
    """Patches that still have a token of their own.

    Args:
        state (TokenState): Any state of a pass.

    Returns:
        Tensor: Bool, shape ``(B, P)``.
    """
    alone = state.sizes == 1
    return alone.gather(1, state.owner.clamp(min=0)) & (state.owner >= 0)


def mentioned_share(state: TokenState, mentioned: Tensor) -> Optional[float]:
    """Share of caption-mentioned patches among the kept ones.

    Args:
        state (TokenState): Any state of a pass.
        mentioned (Tensor): Patches that belong to an object which the
            caption mentions, bool, shape ``(B, P)``.

    Returns:
        float or None: Between 0 and 1; None if no patch is left alone.
    """
    kept = kept_patches(state)
    if not kept.any():
        return None
    return ((kept & mentioned).sum() / kept.sum()).item()
