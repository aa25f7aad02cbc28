# Copyright (c) elip_mm contributors. All rights reserved.
"""What each layer of a reduced tower is asked to do, call by call."""

from dataclasses import dataclass
from typing import List, Optional

import torch
from torch import Tensor, nn

from elip_mm.models.backbones import PrunedViT
from elip_mm.models.layers import ReducibleEncoderLayer

MAIN, LOOK_AHEAD = 'main', 'look_ahead'


@dataclass(frozen=True)
class LayerCall:
    """One call of one encoder layer.

    Args:
        tower (str): Name of the tower in the model.
        layer (int): Index of the layer, from 0.
        kind (str): ``'main'``, or ``'look_ahead'`` for all that only
            prepares a reduction.
        batch (int): Images.
        entered (int): Tokens of an image that enter, prefix included.
        left (int): Tokens that leave.
        flops (int): FLOPs forward, two for a multiply-add.
        with_backward (bool): Whether a backward pass will follow, which
            costs twice the forward one.
    """

    tower: str
    layer: int
    kind: str
    batch: int
    entered: int
    left: int
    flops: int
    with_backward: bool

    @property
    def total_flops(self) -> int:
        """int: Forward, and backward if there is one."""
        return self.flops * (3 if self.with_backward else 1)


class LayerWatch:
    """Note every call of the layers of all reduced towers in a model.

    A context manager; outside of it the model bears no trace. Recomputations
    during a backward pass are not noted.

    Args:
        model (nn.Module): A model with :class:`PrunedViT` towers in it, or
            such a tower.

    Examples:
        >>> with LayerWatch(model) as calls:
        ...     model.loss(images, data_samples)
        >>> mean_tokens(calls), look_ahead_share(calls)
    """

    def __init__(self, model: nn.Module) -> None:
        self._towers = {
            name: module
            for name, module in model.named_modules()
            if isinstance(module, PrunedViT)
        }
        self._handles: List = []

    def __enter__(self) -> List[LayerCall]:
        calls: List[LayerCall] = []
        for name, tower in self._towers.items():
            for index, layer in enumerate(tower.layers):
                self._handles.append(self._listen(name, index, layer, calls))
        return calls

    def __exit__(self, *error) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _listen(self, tower: str, index: int, layer, calls: list):
        def note(layer, args, kwargs, output) -> None:
            if _in_backward():
                return
            tokens, kind = args[0], MAIN
            left = tokens.shape[1]
            if kwargs.get('score_only'):
                kind, flops = LOOK_AHEAD, _score_flops(layer, tokens)
            elif kwargs.get('key_only'):
                kind, flops = LOOK_AHEAD, _key_flops(layer, tokens)
            else:
                left = output[0].shape[1]
                flops = _layer_flops(layer, tokens, left)
                if kwargs.get('look_ahead'):
                    kind = LOOK_AHEAD
            calls.append(
                LayerCall(
                    tower=tower,
                    layer=index,
                    kind=kind,
                    batch=len(tokens),
                    entered=tokens.shape[1],
                    left=left,
                    flops=len(tokens) * flops,
                    with_backward=kind == MAIN and torch.is_grad_enabled(),
                )
            )

        return layer.register_forward_hook(note, with_kwargs=True)


def mean_tokens(calls: List[LayerCall]) -> Optional[float]:
    """Mean length of the sequences that enter the layers, prefix included.

    Args:
        calls (list[LayerCall]): What was noted.

    Returns:
        float or None: None if nothing was noted.
    """
    entered = [call.entered for call in calls if call.kind == MAIN]
    return sum(entered) / len(entered) if entered else None


def look_ahead_share(calls: List[LayerCall]) -> Optional[float]:
    """Share of the layers' FLOPs, backward included, that only looks ahead.

    Args:
        calls (list[LayerCall]): What was noted.

    Returns:
        float or None: From 0 to 1; None if nothing was noted.
    """
    total = sum(call.total_flops for call in calls)
    ahead = sum(c.total_flops for c in calls if c.kind == LOOK_AHEAD)
    return ahead / total if total else None


def _layer_flops(
    layer: ReducibleEncoderLayer, tokens: Tensor, left: int
) -> int:
    """A whole layer for one image, reduced in its middle to ``left``."""
    length, attn = tokens.shape[1], layer.attn
    linear = _matrices(attn) * length + _matrices(layer.ffn) * left
    return 2 * linear + 4 * length**2 * attn.embed_dims


def _score_flops(layer: ReducibleEncoderLayer, tokens: Tensor) -> int:
    """One row of attention, the key projection absorbed in the query."""
    width, heads = layer.attn.embed_dims, layer.attn.num_heads
    return 4 * width**2 + 2 * tokens.shape[1] * width * heads


def _key_flops(layer: ReducibleEncoderLayer, tokens: Tensor) -> int:
    """Mean keys by the projection averaged over the heads."""
    attn = layer.attn
    return 2 * tokens.shape[1] * attn.embed_dims * attn.head_dims


def _matrices(module: nn.Module) -> int:
    """Multiply-adds a token of all linear maps in a module."""
    return sum(
        part.weight.numel()
        for part in module.modules()
        if isinstance(part, nn.Linear)
    )


def _in_backward() -> bool:
    """Whether autograd is at work: the call then only recomputes."""
    return torch._C._current_graph_task_id() != -1
