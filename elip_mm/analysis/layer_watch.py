# Copyright (c) elip_mm contributors. All rights reserved.
"""What each layer of a reduced tower is asked to do, call by call."""

from dataclasses import dataclass
from typing import Callable, List, Optional

import torch
from torch import nn

from elip_mm.models.backbones import PrunedViT, measure_tower
from elip_mm.ops import TowerShape, layer_macs, mean_key_macs, score_macs

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
            shape = measure_tower(tower)
            for index, layer in enumerate(tower.layers):
                hook = _make_hook(name, index, shape, calls)
                self._handles.append(
                    layer.register_forward_hook(hook, with_kwargs=True)
                )
        return calls

    def __exit__(self, *error) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def _make_hook(
    tower: str, index: int, shape: TowerShape, calls: List[LayerCall]
) -> Callable:
    def note(layer, args, kwargs, output) -> None:
        if _in_backward():
            return
        tokens, mode = args[0], kwargs.get('mode', 'full')
        entered = tokens.shape[1]
        left = output[0].shape[1] if mode == 'full' else entered
        calls.append(
            LayerCall(
                tower=tower,
                layer=index,
                kind=MAIN if mode == 'full' else LOOK_AHEAD,
                batch=len(tokens),
                entered=entered,
                left=left,
                flops=2 * len(tokens) * _macs(shape, mode, entered, left),
                with_backward=mode == 'full' and torch.is_grad_enabled(),
            )
        )

    return note


def _macs(shape: TowerShape, mode: str, entered: int, left: int) -> int:
    """Multiply-adds of one call for one image, by the mode of the layer."""
    if mode == 'score':
        return score_macs(shape, entered)
    if mode == 'mean_key':
        return mean_key_macs(shape, entered)
    return layer_macs(shape, entered, left)


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


def _in_backward() -> bool:
    """Whether autograd is at work: the call then only recomputes."""
    return torch._C._current_graph_task_id() != -1
