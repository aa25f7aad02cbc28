# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class FusedFeatures:
    """A batch of pairs after a fusion that keeps two streams.

    Args:
        text (Tensor): Words that have seen the image, shape ``(B, L, C)``.
        image (Tensor): Vision tokens that have seen the words, shape
            ``(B, M, C)``.
        joint (Tensor): Both pooled, text first, shape ``(B, 2 * C)``.
    """

    text: Tensor
    image: Tensor
    joint: Tensor
