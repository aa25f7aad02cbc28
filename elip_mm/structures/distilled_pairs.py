# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from typing import Callable, Optional

from torch import Tensor

from .pair_features import PairFeatures


@dataclass(frozen=True)
class Reading:
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
class DistilledPairs(PairFeatures):
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
        reading (Reading, optional): What a language head shall predict.
            Defaults to None.
    """

    teacher: PairFeatures
    image_candidates: Tensor
    text_candidates: Tensor
    own: Tensor
    temperature: Tensor
    alpha: Tensor
    cross_encode: Callable[[Tensor, Tensor, Tensor], Tensor]
    reading: Optional[Reading] = None
