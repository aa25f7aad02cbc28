# Copyright (c) elip_mm contributors. All rights reserved.
import copy
from typing import Dict, Iterator, List, Tuple

import torch
from torch import Tensor, nn


class MomentumEncoder(nn.Module):
    """Moving-average copies of some modules, which teach the originals.

    Every parameter follows as ``m = momentum * m + (1 - momentum) * p``,
    whatever its name and whether or not it is trained; buffers are copied.
    The copies are attributes of the same names, share no storage with the
    originals and carry no gradient.

    It is a plain module on purpose: mmengine's initialisation would walk into
    it and give the copies weights of their own. Call :meth:`copy_from` once
    the originals are initialised.

    Args:
        sources (dict[str, nn.Module]): The originals by name. They are not
            held; :meth:`update` takes them again.
        momentum (float): Share of the copy that stays in an update, in
            [0, 1]. Defaults to 0.995.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 3.3.
    """

    def __init__(
        self, sources: Dict[str, nn.Module], momentum: float = 0.995
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ValueError(
                f'MomentumEncoder: momentum must lie in [0, 1], but got '
                f'{momentum}; the usual value is 0.995, the share that stays.'
            )
        self.momentum = momentum
        for name, module in sources.items():
            self.add_module(name, copy.deepcopy(module))
        self.requires_grad_(False)

    @torch.no_grad()
    def copy_from(self, sources: Dict[str, nn.Module]) -> None:
        """Start over from the originals as they are now.

        Args:
            sources (dict[str, nn.Module]): The originals by name.
        """
        for own, source in self._pairs(sources):
            own.copy_(source)

    @torch.no_grad()
    def update(self, sources: Dict[str, nn.Module]) -> None:
        """Move towards the originals by one step, in place.

        Args:
            sources (dict[str, nn.Module]): The originals by name.
        """
        averaged: List[Tensor] = []
        towards: List[Tensor] = []
        for own, source in self._pairs(sources):
            if isinstance(own, nn.Parameter):
                averaged.append(own)
                towards.append(source)
            else:
                own.copy_(source)
        # One call for all parameters: a step of hundreds of tiny kernels
        # would take longer than its arithmetic.
        torch._foreach_lerp_(averaged, towards, 1 - self.momentum)

    def _pairs(
        self, sources: Dict[str, nn.Module]
    ) -> Iterator[Tuple[Tensor, Tensor]]:
        """Each tensor of the copies with its original."""
        for name, module in sources.items():
            momentum_encoder = self.get_submodule(name)
            yield from zip(momentum_encoder.parameters(), module.parameters())
            yield from zip(momentum_encoder.buffers(), module.buffers())


def complete_momentum(
    state_dict: Dict[str, Tensor], paths: Dict[str, str], prefix: str = ''
) -> None:
    """Let weights that are about to be loaded reach the copies as well.

    A checkpoint without them (a backbone, or a model that was trained without
    one) would leave the copies where they were: at random weights, which then
    teach. Its weights of the originals are entered for the copies too.
    Copies that the checkpoint does have are left alone.

    Args:
        state_dict (dict[str, Tensor]): Extended in place.
        paths (dict[str, str]): Path of each copy to that of its original.
        prefix (str): Prefix of all keys. Defaults to ''.
    """
    for average, source in paths.items():
        average, source = f'{prefix}{average}.', f'{prefix}{source}.'
        if any(key.startswith(average) for key in state_dict):
            continue
        found = [key for key in state_dict if key.startswith(source)]
        for key in found:
            state_dict[average + key[len(source) :]] = state_dict[key]
