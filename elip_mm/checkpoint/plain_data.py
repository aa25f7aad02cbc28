# Copyright (c) elip_mm contributors. All rights reserved.
"""Checkpoints of tensors, numbers, strings and plain containers.

``torch.load(weights_only=True)`` reads such a file without any list of
exceptions, so that loading it can never execute code.
"""

from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, Tuple, Type

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

__all__ = ['from_plain', 'to_plain']

_BUFFER_KEYS = {'log', 'count', 'max_length'}
_SCALARS: Tuple[Type[Any], ...] = (bool, int, float, complex, str, bytes)


def to_plain(checkpoint: dict, warn: Callable[[str], None]) -> None:
    """Make a checkpoint plain, in place.

    mmengine's log history becomes tensors. Anything else that is not plain is
    left out, and a warning names it.

    Args:
        checkpoint (dict): What is about to be saved.
        warn (Callable): Told about each value that is left out.
    """
    for key, value in checkpoint.items():
        # A state dict is plain already, and carries an attribute with the
        # versions of its modules that a copy would lose.
        if key != 'state_dict':
            checkpoint[key] = _plain(value, key, warn)


def from_plain(checkpoint: dict) -> None:
    """Rebuild the log history of a plain checkpoint, in place.

    Args:
        checkpoint (dict): What was loaded; one with mmengine's objects, or
            with weights alone, stays as it is.
    """
    scalars = checkpoint.get('message_hub', {}).get('log_scalars', {})
    for key, value in scalars.items():
        if isinstance(value, dict) and set(value) == _BUFFER_KEYS:
            scalars[key] = HistoryBuffer(
                value['log'].cpu().numpy(),
                value['count'].cpu().numpy(),
                value['max_length'],
            )


def _tensor(array: np.ndarray) -> torch.Tensor:
    if array.dtype.kind == 'u' and array.dtype.itemsize > 1:
        array = array.astype(np.int64)  # torch had none of these before 2.3
    return torch.from_numpy(np.array(array))


def _plain(value: Any, where: str, warn: Callable[[str], None]) -> Any:
    """A copy of ``value`` without anything but tensors and plain data."""
    if value is None or isinstance(value, (torch.Tensor, torch.dtype)):
        return value
    if isinstance(value, HistoryBuffer):
        log, count = value.data
        return dict(
            log=_tensor(log), count=_tensor(count), max_length=value.max_length
        )
    if isinstance(value, np.generic):
        return _plain(value.item(), where, warn)
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
        return _tensor(value)
    if isinstance(value, Path):
        return str(value)
    for kind in _SCALARS:
        if isinstance(value, kind):
            return kind(value)  # an instance of a subclass is no plain data
    if isinstance(value, (dict, list, tuple, set)):
        return _plain_container(value, where, warn)
    warn(
        f'{where} is left out of the checkpoint: a {type(value).__name__} '
        'is no plain data, and a checkpoint must load without running code.'
    )
    return None


def _plain_container(
    value: Any, where: str, warn: Callable[[str], None]
) -> Any:
    if isinstance(value, dict):
        kind = OrderedDict if isinstance(value, OrderedDict) else dict
        return kind(
            (_plain(k, where, warn), _plain(v, f'{where}.{k}', warn))
            for k, v in value.items()
        )
    items = [_plain(v, f'{where}[{i}]', warn) for i, v in enumerate(value)]
    # Sets become lists: torch 2.4 does not read them.
    return tuple(items) if isinstance(value, tuple) else items
