# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass

from torch import Tensor

from .text_features import TextFeatures
from .token_state import TokenState


@dataclass(frozen=True)
class PairFeatures:
    """A batch of image-text pairs after both encoders, row i with row i.

    Args:
        text (TextFeatures): The captions.
        vision (TokenState): The images, maybe reduced.
        image_embed (Tensor): Images in the joint space, unit norm, shape
            ``(B, E)``.
        text_embed (Tensor): Captions in the joint space, unit norm, shape
            ``(B, E)``.
    """

    text: TextFeatures
    vision: TokenState
    image_embed: Tensor
    text_embed: Tensor
