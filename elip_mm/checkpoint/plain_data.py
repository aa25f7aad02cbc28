# Copyright (c) elip_mm contributors. All rights reserved.
"""Checkpoints of tensors, numbers, strings and plain containers.

``torch.load(weights_only=True)`` reads such a file without any list of
exceptions, so that loading it can never execute code.
"""

from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple, Type

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

__all__ = ['check_bounded', 'from_plain', 'to_plain']

_BUFFER_KEYS = {'log', 'count', 'max_length'}
# Far above what a run collects, and far below what hangs one that saves it.
_MAX_ITEMS, _MAX_DEPTH = 5_000_000, 100
_SCALARS: Tuple[Type[Any], ...] = (bool, int, float, complex, str, bytes)


def check_bounded(content: Any, source: str) -> None:
    """Raise an error if containers are endless, or behave as no container.

    A small file can hold a list that holds itself, or one twice, which holds
    another twice, and so on: what walks through it would never end.

    Args:
        content (Any): Content of a checkpoint.
        source (str): Where it comes from, for the message.

    Raises:
        ValueError: If there is too much, too deep, or if an object has
            attributes that its kind does not have.
    """
    _measure(content, 0, {}, source)


def _measure(
    value: Any, depth: int, known: Dict[int, Tuple[int, int]], source: str
) -> Tuple[int, int]:
    """Number of items, and levels, of a container and all inside.

    What occurs at several places counts at each, but is looked at once.
    """
    if isinstance(value, (dict, HistoryBuffer)):
        _check_attributes(value, source)
    if isinstance(value, dict):
        inside: List[Any] = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set)):
        inside = list(value)
    else:
        return 0, 0
    if id(value) not in known:
        items, levels = len(inside), 1
        # Without this, one that holds itself would have no end.
        for item in inside if depth < _MAX_DEPTH else ():
            more, below = _measure(item, depth + 1, known, source)
            items, levels = items + more, max(levels, below + 1)
        known[id(value)] = items, levels
    items, levels = known[id(value)]
    if items > _MAX_ITEMS or depth + levels > _MAX_DEPTH:
        raise ValueError(
            f'{source} holds containers in containers without an end; no '
            'training writes this, so it is damaged or made to harm.'
        )
    return items, levels


def _check_attributes(value: Any, source: str) -> None:
    """An attribute could stand in for a method, such as ``items``."""
    known = {'_metadata'}
    if isinstance(value, HistoryBuffer):
        known = {*vars(HistoryBuffer()), '_statistics_methods'}
    odd = set(getattr(value, '__dict__', ())) - known
    metadata = getattr(value, '_metadata', None)
    if metadata is not None and not (
        isinstance(metadata, dict)
        and all(isinstance(item, dict) for item in metadata.values())
    ):
        odd.add('_metadata')
    if odd:
        raise ValueError(
            f'{source} holds a {type(value).__name__} with the attribute '
            f'{min(map(str, odd))!r}, which it should not have.'
        )


def to_plain(checkpoint: dict, warn: Callable[[str], None]) -> None:
    """Make a checkpoint plain, in place.

    mmengine's log history becomes tensors. Anything else that is not plain is
    left out, and a warning names it. Functions of schedulers follow from their
    settings: they are left out without a word, and whoever resumes keeps its
    own.

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

    Raises:
        ValueError: If a log history is none.
    """
    hub = checkpoint.get('message_hub')
    scalars = hub.get('log_scalars') if isinstance(hub, dict) else None
    if not isinstance(scalars, dict):
        return
    for key, value in scalars.items():
        if isinstance(value, dict) and set(value) == _BUFFER_KEYS:
            scalars[key] = _history(key, value)


def _history(key: str, value: Dict[str, Any]) -> HistoryBuffer:
    try:
        return HistoryBuffer(
            value['log'].cpu().numpy(),
            value['count'].cpu().numpy(),
            value['max_length'],
        )
    except Exception as error:
        raise ValueError(
            f'message_hub.log_scalars[{key!r}] is no log history ({error}); '
            'use an earlier checkpoint.'
        ) from error


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
    if callable(value) and where.startswith('param_schedulers'):
        return None
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
        made = kind()
        for key, item in value.items():
            plain = _plain(item, f'{where}.{key}', warn)
            # None would take the place of what a resuming object has.
            if plain is not None or item is None:
                made[_plain(key, where, warn)] = plain
        return made
    items = [_plain(v, f'{where}[{i}]', warn) for i, v in enumerate(value)]
    # Sets become lists: torch 2.4 does not read them.
    return tuple(items) if isinstance(value, tuple) else items
