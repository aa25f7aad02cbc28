# Copyright (c) elip_mm contributors. All rights reserved.
"""Low-rank adaptation of linear layers, in place."""

import math
import re
from typing import List, Sequence, cast

import torch
import torch.nn.functional as F
from mmcv.cnn import Linear
from torch import Tensor, nn

# Layers that are used by calling them. Others only lend their weights, such
# as that inside of torch's MultiheadAttention, and would ignore what is added.
_PLAIN = (nn.Linear, Linear)


class LoRALinear(nn.Linear):
    """A linear layer whose weights are fixed, plus a product of two thin ones.

    ``y = W x + b + alpha / rank * U D x``, of which ``D (rank, in)`` and
    ``U (out, rank)`` are trained. It starts as the plain layer, since ``U``
    starts at zero.

    mmpretrain's layer of this kind holds the plain one inside of itself, so
    that names change, and its ``LoRAModel`` keeps all else out of
    checkpoints. Here a layer becomes one of these in place: ``weight`` and
    ``bias`` keep their names, so that files of the plain model fit, and
    whoever reads the weights of a layer finds them.

    Source: LoRA, https://arxiv.org/abs/2106.09685.
    """

    lora_dropout: nn.Dropout
    lora_down: nn.Parameter
    lora_up: nn.Parameter
    lora_scale: float

    @classmethod
    def adopt(
        cls,
        linear: nn.Linear,
        rank: int,
        alpha: float,
        drop_rate: float = 0.0,
    ) -> 'LoRALinear':
        """Turn a plain layer into this class, in place.

        Args:
            linear (nn.Linear): The layer; its own weights are fixed.
            rank (int): Width of the adaptation.
            alpha (float): Its factor is ``alpha / rank``.
            drop_rate (float): Of its input. Defaults to 0.

        Returns:
            LoRALinear: ``linear``.
        """
        wide, narrow = linear.weight.shape
        linear.__class__ = cls
        adapted = cast('LoRALinear', linear)
        adapted.lora_dropout = nn.Dropout(drop_rate)
        adapted.lora_down = nn.Parameter(linear.weight.new_empty(rank, narrow))
        adapted.lora_up = nn.Parameter(linear.weight.new_zeros(wide, rank))
        adapted.lora_scale = alpha / rank
        nn.init.kaiming_uniform_(adapted.lora_down, a=math.sqrt(5))
        return adapted

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer, shape ``(..., out_features)``."""
        adapted = F.linear(self.lora_dropout(x), self.lora_down)
        return super().forward(x) + self.lora_scale * F.linear(
            adapted, self.lora_up
        )

    def merged_weight(self) -> Tensor:
        """The same as one matrix, shape ``(out_features, in_features)``."""
        return self.weight + self.lora_scale * self.lora_up @ self.lora_down

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        # A file of the plain layer means no adaptation yet.
        if f'{prefix}weight' in state_dict:
            down, up = f'{prefix}lora_down', f'{prefix}lora_up'
            if down not in state_dict and up not in state_dict:
                state_dict[down] = self.lora_down.detach()
                state_dict[up] = torch.zeros_like(self.lora_up)
        super()._load_from_state_dict(state_dict, prefix, *args)


def weight_of(linear: nn.Linear) -> Tensor:
    """Weights that a linear layer multiplies by, adaptation included."""
    if isinstance(linear, LoRALinear):
        return linear.merged_weight()
    return linear.weight


def add_lora(
    module: nn.Module,
    rank: int,
    targets: Sequence[str],
    alpha: float = 1.0,
    drop_rate: float = 0.0,
) -> List[str]:
    """Adapt some linear layers of a module; nothing else of it is trained.

    Args:
        module (nn.Module): Changed in place.
        rank (int): Width of each adaptation.
        targets (Sequence[str]): Which layers: last parts of their names, such
            as ``'qkv'`` or ``'attn.proj'``, or regular expressions of the
            whole names.
        alpha (float): The factor of each is ``alpha / rank``. Defaults to 1.
        drop_rate (float): Of their inputs. Defaults to 0.

    Returns:
        list[str]: Names of the adapted layers.

    Raises:
        ValueError: If settings are out of range, or a target is no linear
            layer; the message names those that there are.
    """
    if isinstance(targets, str) or not targets:
        raise ValueError(
            'lora: targets is a list of names of layers, such as '
            f"['qkv', 'proj'], but got {targets!r}."
        )
    if not isinstance(rank, int) or rank < 1 or not 0 <= drop_rate < 1:
        raise ValueError(
            'lora: rank is a positive whole number and drop_rate lies in '
            f'[0, 1), but got rank={rank!r} and drop_rate={drop_rate!r}.'
        )
    linears = {
        name: part
        for name, part in module.named_modules()
        if type(part) in _PLAIN
    }
    chosen: List[str] = []
    for target in targets:
        found = [name for name in linears if _meant(target, name)]
        if not found:
            kinds = sorted({name.split('.')[-1] for name in linears})
            raise ValueError(
                f'lora: no linear layer of {type(module).__name__} is called '
                f'{target!r}; there are {", ".join(kinds) or "none"}.'
            )
        chosen += [name for name in found if name not in chosen]
    module.requires_grad_(False)
    for name in chosen:
        LoRALinear.adopt(linears[name], rank, alpha, drop_rate)
    return chosen


def _meant(target: str, name: str) -> bool:
    """Whether a target is the end of a name, or matches all of it."""
    try:
        whole = re.fullmatch(target, name)
    except re.error as error:
        raise ValueError(
            f'lora: the target {target!r} is no regular expression: {error}.'
        ) from error
    return f'.{name}'.endswith(f'.{target}') or whole is not None
