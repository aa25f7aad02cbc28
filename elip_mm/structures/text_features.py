# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from typing import Optional

from torch import Tensor


@dataclass(frozen=True)
class TextFeatures:
    """What every text encoder returns.

    Args:
        tokens (Tensor): Last hidden states, shape ``(B, L, C_text)``.
        pooled (Tensor): State at the position that stands for the sentence
            ([CLS], or the end-of-text token in CLIP), shape
            ``(B, C_text)``.
        mask (Tensor, optional): 1 for words, 0 for padding, shape
            ``(B, L)``. Defaults to None, nothing is padding.
        embedded (Tensor, optional): ``pooled`` in the joint space of image
            and text, unit norm, shape ``(B, E)``. Defaults to None.
        ids (Tensor, optional): What was encoded, int64, shape ``(B, L)``;
            there if a later pass has to read the text again. Defaults to
            None.
    """

    tokens: Tensor
    pooled: Tensor
    mask: Optional[Tensor] = None
    embedded: Optional[Tensor] = None
    ids: Optional[Tensor] = None
