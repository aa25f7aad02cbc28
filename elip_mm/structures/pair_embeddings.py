# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class PairEmbeddings:
    """All that is left of a batch whose towers are run again later.

    It stands where :class:`PairFeatures` does, for heads that compare the
    two embeddings and look at nothing else.

    Args:
        image_embed (Tensor): Images in the joint space, unit norm, shape
            ``(B, E)``.
        text_embed (Tensor): Captions in the joint space, unit norm, shape
            ``(B, E)``.
    """

    image_embed: Tensor
    text_embed: Tensor

    def __getattr__(self, name: str) -> None:
        raise AttributeError(
            f'with gradient caching a head sees image_embed and text_embed '
            f'alone, but this one asks for {name!r}; remove chunk_size from '
            'the model, or the head.'
        )
