# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from typing import Callable, Optional

from torch import Tensor

from .attention_trace import AttentionTrace
from .token_state import TokenState


@dataclass(frozen=True)
class Hints:
    """All that a strategy may look at and that comes from outside.

    Args:
        guidance (Tensor, optional): Text in vision width, shape ``(B, C)``.
            Defaults to None.
        scores (Tensor, optional): Importance of every patch, shape
            ``(B, P)``. Defaults to None.
    """

    guidance: Optional[Tensor] = None
    scores: Optional[Tensor] = None


@dataclass(frozen=True)
class LayerView:
    """All that a reduction strategy may look at, at one layer.

    Args:
        index (int): Index of the layer, counted from 0.
        state (TokenState): Tokens at this moment.
        guidance (Tensor, optional): Text in vision width, shape ``(B, C)``.
            Defaults to None.
        look_ahead (Callable, optional): ``look_ahead(probe, depth)`` sends
            ``probe (B, n, C)`` through this layer and the next ones, without
            gradient and without reduction, and returns the attention
            ``(B, n)`` that its first token pays in the last of ``depth``
            layers. Defaults to None.
        trace (AttentionTrace, optional): Attention of this very layer; only
            there after it ran. Defaults to None.
        mean_key (Callable, optional): ``mean_key()`` projects the tokens to
            the keys of this layer, averaged over the heads and without
            gradient, shape ``(B, N, d)``; only there before the layer ran,
            afterwards ``trace`` has them. Defaults to None.
        scores (Tensor, optional): Importance of every *patch* of the image,
            from somewhere else, shape ``(B, P)``. Defaults to None.
        sample_keys (Tensor, optional): What random choices follow from, one
            number an image, int64, shape ``(B,)``; there if the strategy
            draws. Defaults to None.
        num_layers (int): Depth of the backbone. Defaults to 0, unknown.
    """

    index: int
    state: TokenState
    guidance: Optional[Tensor] = None
    look_ahead: Optional[Callable[[Tensor, int], Tensor]] = None
    trace: Optional[AttentionTrace] = None
    mean_key: Optional[Callable[[], Tensor]] = None
    scores: Optional[Tensor] = None
    sample_keys: Optional[Tensor] = None
    num_layers: int = 0
