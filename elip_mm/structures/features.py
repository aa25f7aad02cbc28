# Copyright (c) elip_mm contributors. All rights reserved.
"""What encoders and fusion make of a batch of texts and images."""

from dataclasses import dataclass
from typing import Callable, Optional

from torch import Tensor

from .token_state import TokenState


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


@dataclass(frozen=True)
class LanguageTargets:
    """Tokens of texts that a language head has to predict.

    Args:
        states (Tensor): What each prediction is made from, shape ``(N, C)``.
        labels (Tensor): The right tokens, int64, shape ``(N,)``.
        vocabulary (Tensor): Word embeddings, which serve as output weights
            too, shape ``(V, C)``.
        teacher_logits (Tensor, optional): Soft labels, shape ``(N, V)``, no
            gradient. Defaults to None.
    """

    states: Tensor
    labels: Tensor
    vocabulary: Tensor
    teacher_logits: Optional[Tensor] = None


@dataclass(frozen=True)
class MomentumPairs(PairFeatures):
    """Pairs beside what their moving-average teacher makes of them.

    Args:
        teacher (PairFeatures): The same pairs from the teacher, no gradient.
        image_candidates (Tensor): Teacher's images that a text is compared
            with, the batch first, then the queue, shape ``(K, E)``.
        text_candidates (Tensor): The same of texts, shape ``(K, E)``.
        own (Tensor): Candidate that belongs to each pair, int64, shape
            ``(B,)``.
        temperature (Tensor): Divides similarities, a scalar.
        alpha (Tensor): Share of the teacher in soft targets, a scalar.
        cross_encode (Callable): ``cross_encode(ids, states, memory)`` lets
            texts look at images: ids ``(R, L)``, their uni-modal states
            ``(R, L, C)`` and image tokens ``(R, M, C)`` to states
            ``(R, L, C)``. Lent by the model.
        language (LanguageTargets, optional): What a language head shall
            predict. Defaults to None.
    """

    teacher: PairFeatures
    image_candidates: Tensor
    text_candidates: Tensor
    own: Tensor
    temperature: Tensor
    alpha: Tensor
    cross_encode: Callable[[Tensor, Tensor, Tensor], Tensor]
    reading: Optional[LanguageTargets] = None
