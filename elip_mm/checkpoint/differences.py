# Copyright (c) elip_mm contributors. All rights reserved.
"""What of a file reaches a model, whatever hooks say about it."""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Sequence

from torch import Tensor, nn

__all__ = [
    'Differences',
    'join_some',
    'load_and_compare',
    'name_some',
    'names_of_tensors',
]


@dataclass
class Differences:
    """Weights that differ; those of another shape with both shapes.

    Args:
        mismatched (list[str]): Of another shape, as a sentence each.
        missing (list[str]): In the model and not in the file.
        unexpected (list[str]): In the file and not in the model.
    """

    mismatched: List[str] = field(default_factory=list)
    missing: List[str] = field(default_factory=list)
    unexpected: List[str] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """bool: Whether nothing differs."""
        return not (self.mismatched or self.missing or self.unexpected)

    def lines(self) -> List[str]:
        """Name the first few of each kind, a line each."""
        return [
            *name_some('of another shape', self.mismatched),
            *name_some('missing in the file', self.missing),
            *name_some('unknown to the model', self.unexpected),
        ]


def load_and_compare(
    model: nn.Module, weights: Dict[str, Tensor]
) -> Differences:
    """Load what fits, and find out what did not.

    Args:
        model (nn.Module): The model, without distributed wrapper.
        weights (dict[str, Tensor]): A state dict. The model may rename or
            resize what it loads.

    Returns:
        Differences: What is left over on either side.
    """
    try:
        with _nothing_hidden(model):
            keys = model.load_state_dict(weights, strict=False)
    # Models that resize what they load expect shapes of their own kind.
    except Exception as error:
        mismatched = re.findall(
            r'size mismatch for (\S+): .*?torch\.Size\((\[.*?\])\)'
            r'.*?torch\.Size\((\[.*?\])\)',
            str(error),
            flags=re.DOTALL,
        )
        if not mismatched:
            raise ValueError(
                f'the weights cannot be loaded into {type(model).__name__}: '
                f'{error}\n  Use the config they were trained with.'
            ) from error
        return Differences([f'{k} is {a}, not {b}' for k, a, b in mismatched])
    # As mmengine does: older batch norms had no such counter.
    missing = [k for k in keys.missing_keys if 'num_batches_tracked' not in k]
    return Differences([], missing, keys.unexpected_keys)


def names_of_tensors(model: nn.Module) -> List[str]:
    """Names of all that has to be in a checkpoint of a model.

    Args:
        model (nn.Module): The model, without distributed wrapper.

    Returns:
        list[str]: Names of its parameters and persistent buffers, read off
        the modules and not from their state dict, which hooks may change.
    """
    names = [name for name, _ in model.named_parameters()]
    for prefix, module in model.named_modules():
        passing = module._non_persistent_buffers_set
        names += [
            f'{prefix}.{name}'.lstrip('.')
            for name, buffer in module._buffers.items()
            if buffer is not None and name not in passing
        ]
    return names


def name_some(what: str, names: Sequence[str], at_most: int = 4) -> List[str]:
    """One line that names the first few, if there are any.

    Args:
        what (str): What is the matter with them.
        names (Sequence[str]): All of them.
        at_most (int): How many are named. Defaults to 4.

    Returns:
        list[str]: One line, or none.
    """
    return [f'{what}: {join_some(names, at_most)}'] if names else []


def join_some(names: Sequence[str], at_most: int = 4) -> str:
    """The first few of many, and how many there are if some are left out.

    Args:
        names (Sequence[str]): All of them.
        at_most (int): How many are named. Defaults to 4.

    Returns:
        str: Such as ``'a, b, ... (7 in all)'``.
    """
    more = f', ... ({len(names)} in all)' if len(names) > at_most else ''
    return f'{", ".join(names[:at_most])}{more}'


@contextmanager
def _nothing_hidden(model: nn.Module) -> Iterator[None]:
    """Let no module strike what is missing off the report.

    Hooks that run after loading, as those of mmpretrain's ``LoRAModel``, may
    do so for the whole model, and random weights would pass for loaded ones.
    """
    kept: Dict[nn.Module, Any] = {}
    for module in model.modules():
        if module._load_state_dict_post_hooks:
            kept[module] = module._load_state_dict_post_hooks
            module._load_state_dict_post_hooks = type(kept[module])()
    try:
        yield
    finally:
        for module, hooks in kept.items():
            module._load_state_dict_post_hooks = hooks
