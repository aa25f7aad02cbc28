# Copyright (c) elip_mm contributors. All rights reserved.
"""How the checkpoints of a code base differ from ours, as data."""

from dataclasses import dataclass, field
from typing import Dict, Iterable, Mapping, Sequence, Tuple

from torch import Tensor

from .rules import Rules, absent_rules, rename, rename_back
from .tied import drop_tied, restore_tied

__all__ = ['StateDictAdapter']


@dataclass(frozen=True)
class StateDictAdapter:
    """Converts state dicts of a code base to ours and back.

    Args:
        rules (Sequence[tuple[str, str]]): Key templates, theirs and ours.
        tied (Sequence[tuple[str, str]]): Templates of their keys that repeat
            a tensor, and of the keys that these repeat. Defaults to ().
        ignored (Sequence[str]): Templates of their keys that have no
            counterpart here, and that we cannot write. Defaults to ().
        optional (Sequence[str]): Our templates that a model may do without.
            Defaults to ().
        dims (Mapping[str, tuple[int, int]]): Number of dimensions there and
            here, by our key, of tensors that differ in leading dimensions of
            size one. Defaults to none.
    """

    rules: Rules
    tied: Rules = ()
    ignored: Sequence[str] = ()
    optional: Sequence[str] = ()
    dims: Mapping[str, Tuple[int, int]] = field(default_factory=dict)

    def to_ours(self, state: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Convert a state dict of the other code.

        Args:
            state (dict[str, Tensor]): Its tensors; a ``module.`` prefix, as
                distributed training leaves it, is removed.

        Returns:
            dict[str, Tensor]: The same tensors as our model has them.

        Raises:
            ValueError: If keys are left over or missing, or if tensors that
                should be tied differ.
        """
        state = {
            key.removeprefix('module.'): value for key, value in state.items()
        }
        state = rename(drop_tied(state, self.tied), self.rules, self.ignored)
        self._check_complete(state)
        return self._reshape(state, side=1)

    def to_theirs(self, state: Dict[str, Tensor]) -> Dict[str, Tensor]:
        """Convert a state dict of our model.

        Args:
            state (dict[str, Tensor]): Its tensors.

        Returns:
            dict[str, Tensor]: The same tensors as the other code has them.

        Raises:
            ValueError: If keys are left over or missing.
        """
        state = self._reshape(state, side=0)
        renamed = rename_back(state, self.rules)
        self._check_complete(state)
        return restore_tied(renamed, self.tied)

    def _check_complete(self, ours: Iterable[str]) -> None:
        absent = [
            f'{theirs} ({here} here)'
            for theirs, here in absent_rules(ours, self.rules)
            if here not in self.optional
        ]
        if absent:
            raise ValueError(
                f'the checkpoint lacks keys of the form {", ".join(absent)}. '
                'Is it of another model, or one that was cut?'
            )

    def _reshape(
        self, state: Dict[str, Tensor], side: int
    ) -> Dict[str, Tensor]:
        return {
            key: _with_dims(key, value, self.dims[key][side])
            if key in self.dims
            else value
            for key, value in state.items()
        }


def _with_dims(key: str, value: Tensor, dims: int) -> Tensor:
    """A tensor with leading dimensions of size one added or removed."""
    shape = value.shape[max(value.dim() - dims, 0) :]
    if shape.numel() != value.numel():
        raise ValueError(
            f'{key!r} has the shape {tuple(value.shape)}, which {dims} '
            'dimensions cannot hold; is it of another model?'
        )
    return value.reshape((1,) * (dims - len(shape)) + shape)
