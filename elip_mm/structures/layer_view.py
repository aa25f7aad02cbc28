# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from typing import Callable, Optional

from torch import Tensor

from .attention_trace import AttentionTrace
from .token_state import TokenState


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
    """

    index: int
    state: TokenState
    guidance: Optional[Tensor] = None
    look_ahead: Optional[Callable[[Tensor, int], Tensor]] = None
    trace: Optional[AttentionTrace] = None
