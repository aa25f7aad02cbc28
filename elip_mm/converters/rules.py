# Copyright (c) elip_mm contributors. All rights reserved.
import re
from typing import Dict, Sequence, Tuple

from torch import Tensor

Rules = Sequence[Tuple[str, str]]


def rename(
    state: Dict[str, Tensor], rules: Rules, ignore: Sequence[str] = ()
) -> Dict[str, Tensor]:
    """Rename the tensors of a checkpoint by a table.

    Args:
        state (dict[str, Tensor]): The foreign state dict.
        rules (Sequence[tuple[str, str]]): Pairs of a regular expression that
            must match a whole key, and its replacement. The first that
            matches is taken.
        ignore (Sequence[str]): Regular expressions of keys that have no
            counterpart here. Defaults to ().

    Returns:
        dict[str, Tensor]: The same tensors under our names.

    Raises:
        ValueError: If keys are left over, with their names, or if two
            tensors would get the same name.
    """
    renamed, left = {}, []
    for key, value in state.items():
        if any(re.fullmatch(pattern, key) for pattern in ignore):
            continue
        for pattern, replacement in rules:
            name, hits = re.subn(f'^(?:{pattern})$', replacement, key)
            if hits:
                break
        else:
            left.append(key)
            continue
        if name in renamed:
            raise ValueError(
                f'two tensors of the checkpoint map to {name!r}; '
                f'the second is {key!r}.'
            )
        renamed[name] = value
    if left:
        shown = ', '.join(left[:8])
        raise ValueError(
            f'{len(left)} keys of the checkpoint match no rule: {shown}'
            f'{", ..." if len(left) > 8 else ""}. Is it of another model? '
            'Keys that are meant to be dropped go into `ignore`.'
        )
    return renamed


def lead_with_batch(
    state: Dict[str, Tensor], dims: Dict[str, int]
) -> Dict[str, Tensor]:
    """Add leading dimensions of size one to some tensors, if they are there.

    What is missing is for strict loading to tell.

    Args:
        state (dict[str, Tensor]): Tensors under our names.
        dims (dict[str, int]): Number of dimensions that a tensor shall have.

    Returns:
        dict[str, Tensor]: The same tensors, those of ``dims`` reshaped.
    """
    return {
        key: value.view((1,) * (dims.get(key, 0) - value.dim()) + value.shape)
        for key, value in state.items()
    }
