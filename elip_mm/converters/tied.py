# Copyright (c) elip_mm contributors. All rights reserved.
"""Tensors that other code keeps under several names, and we under one."""

from typing import Dict, List, Tuple

import torch
from torch import Tensor

from .rules import Rules
from .templates import translate

__all__ = ['drop_tied', 'restore_tied']


def drop_tied(state: Dict[str, Tensor], tied: Rules) -> Dict[str, Tensor]:
    """Leave out tensors that repeat others, after looking whether they do.

    Args:
        state (dict[str, Tensor]): The foreign state dict.
        tied (Sequence[tuple[str, str]]): Templates of the copy and of the
            original, see :func:`translate`.

    Returns:
        dict[str, Tensor]: Without the copies.

    Raises:
        ValueError: If a copy is not one, since our model could not hold both,
            or if there is a copy without its original.
    """
    copies = _names(state, tied)
    for copy, original in copies:
        if original not in state:
            raise ValueError(
                f'the checkpoint has {copy!r}, but not {original!r}, to which '
                'it is tied; is it of another model, or one that was cut?'
            )
        if not torch.equal(state[copy], state[original]):
            raise ValueError(
                f'{copy!r} should equal {original!r}, to which it is tied, '
                'but does not; is the checkpoint of another model?'
            )
    names = {copy for copy, _ in copies}
    return {key: value for key, value in state.items() if key not in names}


def restore_tied(state: Dict[str, Tensor], tied: Rules) -> Dict[str, Tensor]:
    """Put copies back where the other code looks for them.

    Args:
        state (dict[str, Tensor]): The foreign state dict without copies.
        tied (Sequence[tuple[str, str]]): As for :func:`drop_tied`.

    Returns:
        dict[str, Tensor]: With the copies; they share memory with the
        originals.
    """
    pairs = _names(state, [(original, copy) for copy, original in tied])
    return {**state, **{copy: state[original] for original, copy in pairs}}


def _names(state: Dict[str, Tensor], rules: Rules) -> List[Tuple[str, str]]:
    """Keys that fit a template, with their names by the other one."""
    named = [(key, translate(key, *rule)) for key in state for rule in rules]
    return [(key, name) for key, name in named if name is not None]
