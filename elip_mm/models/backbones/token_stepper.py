# Copyright (c) elip_mm contributors. All rights reserved.
"""One layer after another: decide, apply the plan, run the layer."""

from dataclasses import replace
from functools import partial
from typing import Optional, Sequence, Tuple, Union

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from elip_mm.models.layers import ReducibleEncoderLayer
from elip_mm.models.reducers.base import TokenReducer
from elip_mm.structures import (
    AttentionTrace,
    LayerView,
    TokenPlan,
    TokenState,
)

from .plan_follower import PlanFollower


def run_layer(
    layer: ReducibleEncoderLayer,
    view: LayerView,
    reducer: Union[TokenReducer, PlanFollower, None],
    with_cp: bool = False,
) -> TokenState:
    """One layer with the two places at which a strategy may decide.

    Args:
        layer (ReducibleEncoderLayer): The layer.
        view (LayerView): What the strategy may look at, with the tokens that
            enter; the keys and the trace of the layer are added here.
        reducer (TokenReducer or PlanFollower, optional): The strategy. None
            runs the plain layer.
        with_cp (bool): Whether to recompute the layer in the backward pass.
            Defaults to False.

    Returns:
        TokenState: Tokens after the layer.
    """
    state = view.state
    if reducer is None:
        tokens, _ = _call(layer, with_cp, state.tokens, None, None)
        return state.with_tokens(tokens)
    view = replace(
        view, mean_key=partial(layer, state.tokens, mode='mean_key')
    )
    plan = reducer.before_layer(view)
    state = state.apply(plan).note(view.index, 'before_layer', plan)
    # After the attention its own trace tells the keys; this one would tell
    # those of the tokens before the plan, and keep them alive.
    view = replace(view, state=state, mean_key=None)

    def decide(tokens: Tensor, trace: AttentionTrace) -> Optional[TokenPlan]:
        return reducer.after_attention(
            replace(view, state=state.with_tokens(tokens), trace=trace)
        )

    bias = state.attention_bias(reducer.weigh_by_size)
    tokens, plan = _call(layer, with_cp, state.tokens, bias, decide)
    # `state` may not be bound anew: with checkpointing, `decide` reads it
    # once more in the backward pass.
    reduced = state.recount(plan).note(view.index, 'after_attention', plan)
    return reduced.with_tokens(tokens)


@torch.no_grad()
def look_ahead(
    layers: Sequence[ReducibleEncoderLayer],
    index: int,
    probe: Tensor,
    depth: int,
) -> Tensor:
    """Send a copy of the tokens through the next layers to score them.

    Nothing is reduced on the way, whatever the strategy does in these layers.

    Args:
        layers (Sequence[ReducibleEncoderLayer]): All layers of the tower.
        index (int): First layer of the look-ahead.
        probe (Tensor): Copy of the tokens, shape ``(B, n, C)``.
        depth (int): Number of layers; only the attention of the last one is
            computed.

    Returns:
        Tensor: Attention of the first token, shape ``(B, n)``.
    """
    for ahead in range(index, index + depth - 1):
        probe = layers[ahead](probe, mode='look_ahead')
    return layers[index + depth - 1](probe, mode='score')


def _call(
    layer: ReducibleEncoderLayer, with_cp: bool, *args
) -> Tuple[Tensor, Optional[TokenPlan]]:
    if with_cp and torch.is_grad_enabled():
        return checkpoint(layer, *args, use_reentrant=False)
    return layer(*args)
