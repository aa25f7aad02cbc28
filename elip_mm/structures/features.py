# Copyright (c) elip_mm contributors. All rights reserved.
"""What encoders and fusion make of a batch of texts and images."""

from dataclasses import dataclass
from typing import Any, Callable, Optional

from torch import Tensor

from .token_state import TokenState


class Needed:
    """Lets a value be asked for entries that may be missing."""

    def need(self, name: str) -> Any:
        """Return an entry that somebody cannot do without.

        Args:
            name (str): Name of the entry.

        Returns:
            Any: Its value.

        Raises:
            ValueError: The model did not fill it in.
        """
        value = getattr(self, name)
        if value is None:
            raise ValueError(
                f'{name!r} is asked of {type(self).__name__}, but this model '
                'does not compute it; remove the head or task that asks, or '
                'take the model that it was made for.'
            )
        return value


@dataclass(frozen=True)
class TextFeatures(Needed):
    """What every text encoder returns.

    Args:
        tokens (Tensor): Last hidden states, shape ``(B, L, C_text)``.
        pooled (Tensor): One state for the whole text ([CLS], the end-of-text
            token in CLIP, or a mean), shape ``(B, C_text)``.
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
        vocabulary (Tensor, optional): Word embeddings that serve as output
            weights too, shape ``(V, C)``. Defaults to None, for heads with
            output weights of their own.
        momentum_logits (Tensor, optional): Soft labels, shape ``(N, V)``, no
            gradient. Defaults to None.
    """

    states: Tensor
    labels: Tensor
    vocabulary: Optional[Tensor] = None
    momentum_logits: Optional[Tensor] = None


@dataclass(frozen=True)
class MomentumFeatures:
    """What the momentum encoder makes of a batch; no gradient.

    Args:
        text (TextFeatures): The captions.
        vision (TokenState): The images.
        image_embed (Tensor): Images in the joint space, unit norm, shape
            ``(B, E)``.
        text_embed (Tensor): Captions in the joint space, unit norm, shape
            ``(B, E)``.
        image_candidates (Tensor): Momentum features of images that a text is
            compared with, the batch first, then the queue, shape ``(K, E)``.
        text_candidates (Tensor): The same of texts, shape ``(K, E)``.
        own (Tensor): Candidate that belongs to each pair, int64, shape
            ``(B,)``.
        temperature (Tensor): Divides similarities, a scalar with gradient.
        alpha (Tensor): Weight of the momentum encoder in soft targets, a
            scalar.
    """

    text: TextFeatures
    vision: TokenState
    image_embed: Tensor
    text_embed: Tensor
    image_candidates: Tensor
    text_candidates: Tensor
    own: Tensor
    temperature: Tensor
    alpha: Tensor


@dataclass(frozen=True)
class PairFeatures(Needed):
    """The one kind of batch that heads get: pairs, row i with row i.

    Encoders fill in the first two entries; what the others need depends on
    the model. A head that misses an entry belongs to another model.

    Args:
        text (TextFeatures): The captions.
        vision (TokenState): The images, maybe reduced.
        image_embed (Tensor, optional): Images in the joint space, unit norm,
            shape ``(B, E)``. Defaults to None.
        text_embed (Tensor, optional): Captions in the joint space, unit norm,
            shape ``(B, E)``. Defaults to None.
        fused (FusedFeatures, optional): Both after a fusion with two streams.
            Defaults to None.
        matched (Tensor, optional): 1 where image and text belong together,
            else 0, int64, shape ``(B,)``. Defaults to None, all do.
        language (LanguageTargets, optional): What a language head has to
            predict. Defaults to None.
        momentum (MomentumFeatures, optional): The same pairs as the momentum
            encoder sees them. Defaults to None.
        cross_encode (Callable, optional): ``cross_encode(ids, states,
            memory)`` lets texts look at images: ids ``(R, L)``, their
            uni-modal states ``(R, L, C)`` and image tokens ``(R, M, C)`` to
            states ``(R, L, C)``. Lent by the model. Defaults to None.
    """

    text: TextFeatures
    vision: TokenState
    image_embed: Optional[Tensor] = None
    text_embed: Optional[Tensor] = None
    fused: Optional[FusedFeatures] = None
    matched: Optional[Tensor] = None
    language: Optional[LanguageTargets] = None
    momentum: Optional[MomentumFeatures] = None
    cross_encode: Optional[Callable[[Tensor, Tensor, Tensor], Tensor]] = None


@dataclass(frozen=True)
class PairEmbeddings(Needed):
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

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f'with gradient caching a head sees image_embed and text_embed '
            f'alone, but this one asks for {name!r}; remove chunk_size from '
            'the model, or the head.'
        )
