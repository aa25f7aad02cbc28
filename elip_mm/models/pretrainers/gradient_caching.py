# Copyright (c) elip_mm contributors. All rights reserved.
"""A contrastive loss over more pairs than fit into memory.

Accumulating gradients adds no negatives; this does. All pairs are embedded
chunk by chunk, keeping nothing but embeddings; the loss compares the whole
batch (and those of the other processes); then its gradients with respect to
the embeddings send one chunk after the other through the towers a second
time. The result is that of the whole batch, for one more forward pass and the
activations of a single chunk.

The second pass draws the random numbers of the first and follows its plans,
so nothing is decided, and no look-ahead run, twice.

To autograd a chunk is a recomputed function, hence the step still has one
forward and one backward pass: loss scaling, mixed precision, accumulation and
the overlapped synchronisation of ``DistributedDataParallel`` (once per step,
when a parameter has its gradients of all chunks) are as ever.

Source: GradCache, https://arxiv.org/abs/2101.06983.
"""

from typing import Optional, Tuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from elip_mm.models.multimodal import LanguageImageModel
from elip_mm.structures import PairEmbeddings, TakenPlan


def check_chunk_size(
    model: LanguageImageModel, chunk_size: Optional[int]
) -> None:
    """Raise a ValueError if a model cannot encode a batch in such chunks.

    Args:
        model (LanguageImageModel): The model.
        chunk_size (int, optional): Pairs per chunk; None for no chunks.
    """
    if chunk_size is None:
        return
    name = type(model).__name__
    if model.patch_scorer is not None:
        raise ValueError(
            f'{name} cannot encode a batch in chunks, since each encoding '
            'moves its patch_scorer; remove chunk_size.'
        )
    if chunk_size < 1:
        raise ValueError(
            f'{name}: chunk_size must be a positive number of pairs or '
            f'None, but got {chunk_size}.'
        )


def encode_in_chunks(
    model: LanguageImageModel, images: Tensor, ids: Tensor, chunk_size: int
) -> PairEmbeddings:
    """Embed a batch chunk by chunk.

    Args:
        model (LanguageImageModel): With joint features of both sides.
        images (Tensor): Shape ``(B, 3, H, W)``.
        ids (Tensor): Token ids, shape ``(B, L)``.
        chunk_size (int): Pairs that the towers process at a time.

    Returns:
        PairEmbeddings: Row i is pair i.
    """
    embedded = [
        checkpoint(_EncodeTwice(model), *chunk, use_reentrant=False)
        for chunk in zip(images.split(chunk_size), ids.split(chunk_size))
    ]
    image_embed, text_embed = map(torch.cat, zip(*embedded))
    return PairEmbeddings(image_embed, text_embed)


class _EncodeTwice:
    """Embeds one chunk; from the second call on without deciding anew."""

    def __init__(self, model: LanguageImageModel) -> None:
        self.model = model
        self.plans: Optional[Tuple[TakenPlan, ...]] = None

    def __call__(self, images: Tensor, ids: Tensor) -> Tuple[Tensor, Tensor]:
        model = self.model
        text = model.encode_text(ids)
        if self.plans is None:
            vision = model.encode_image(images, model.hints(images, text))
            self.plans = vision.plans
        else:
            vision = model.vision_backbone.encode(images, follow=self.plans)
        return model.embed_image(vision), text.need('embedded')
