# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Tuple, Union

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from elip_mm.structures import PairEmbeddings, PairFeatures, TakenPlan


class GradientCaching:
    """Contrast over more pairs than fit into memory, as a mixin.

    Accumulating gradients adds no negatives; this does. All pairs are
    embedded chunk by chunk, keeping nothing but embeddings; the loss compares
    the whole batch (and those of the other processes); then its gradients
    with respect to the embeddings send one chunk after the other through the
    towers a second time. The result is that of the whole batch, for one more
    forward pass and the activations of a single chunk.

    The second pass draws the random numbers of the first and follows its
    plans, so nothing is decided, and no look-ahead run, twice.

    To autograd a chunk is a recomputed function, hence the step still has one
    forward and one backward pass: loss scaling, mixed precision, accumulation
    and the overlapped synchronisation of ``DistributedDataParallel`` (once a
    step, when a parameter has its gradients of all chunks) are as ever.

    Args:
        chunk_size (int, optional): Pairs that the towers process at a time.
            Defaults to None, the whole batch at once.
        **kwargs: Those of :class:`LanguageImagePretrainer`.

    Source: GradCache, https://arxiv.org/abs/2101.06983.
    """

    # Models whose encoding has effects beyond its result set this to False.
    chunkable = True

    def __init__(self, chunk_size: Optional[int] = None, **kwargs) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        if chunk_size is not None and not self.chunkable:
            raise ValueError(
                f'{name} cannot encode a batch in chunks, since each encoding '
                'moves it; remove chunk_size.'
            )
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(
                f'{name}: chunk_size must be a positive number of pairs or '
                f'None, but got {chunk_size}.'
            )
        self.chunk_size = chunk_size

    def encode_pairs(
        self, images: Tensor, ids: Tensor
    ) -> Union[PairFeatures, PairEmbeddings]:
        """Encode a batch, in chunks if it is larger than one.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.

        Returns:
            PairFeatures or PairEmbeddings: The second with more than one
            chunk; row i is pair i either way.
        """
        size = self.chunk_size
        if size is None or len(images) <= size:
            return super().encode_pairs(images, ids)
        chunks = zip(images.split(size), ids.split(size))
        embedded = [
            checkpoint(_EncodeTwice(self), *chunk, use_reentrant=False)
            for chunk in chunks
        ]
        image_embed, text_embed = map(torch.cat, zip(*embedded))
        return PairEmbeddings(image_embed, text_embed)


class _EncodeTwice:
    """Embeds one chunk; from the second call on without deciding anew."""

    def __init__(self, model: GradientCaching) -> None:
        self.model = model
        self.plans: Optional[Tuple[TakenPlan, ...]] = None

    def __call__(self, images: Tensor, ids: Tensor) -> Tuple[Tensor, Tensor]:
        model = self.model
        text = model.encode_text(ids)
        if self.plans is None:
            vision = model.encode_image(images, model.guide(text))
            self.plans = vision.plans
        else:
            vision = model.vision_backbone.encode(images, follow=self.plans)
        return model.embed_image(vision), text.embedded
