# Copyright (c) elip_mm contributors. All rights reserved.
"""The only objects that a checkpoint may hold: mmengine's log history.

Our checkpoints are plain, see ``plain_data.py``. Those of other OpenMMLab
projects hold their log history as objects; exactly what is needed to read
these is allowed, and nothing else.
"""

import functools
import importlib
import pickle
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

__all__ = ['allow_log_history']


def _under_name(function: Callable, path: str) -> Callable:
    """Wrap a function so that it goes by the dotted name ``path``.

    The unpickler looks names up in a list that it derives from attributes of
    the functions themselves. This way holds for all releases since 2.4; the
    pairs that newer ones accept as well do not.
    """

    @functools.wraps(function)
    def wrapped(*args):
        return function(*args)

    wrapped.__module__, _, name = path.rpartition('.')
    wrapped.__name__ = wrapped.__qualname__ = name
    return wrapped


def _statistic(owner: Any, name: str) -> Callable:
    """The only attributes a file may ask for: a log history's statistics."""
    if owner is not HistoryBuffer or name not in (
        'min',
        'max',
        'current',
        'mean',
    ):
        raise pickle.UnpicklingError(
            f'it asks for attribute {name!r} of {owner!r}'
        )
    return getattr(HistoryBuffer, name)


def _latin1(text: str, encoding: str) -> bytes:
    """How old pickles spell bytes; torch 2.4 does not know it by itself."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'it asks for encoding {encoding!r}')
    return text.encode(encoding)


def _allowed() -> List[Any]:
    """What a log history consists of, under the names files may use."""
    # Files name numpy's functions by where they were when it was written:
    # in numpy.core before numpy 2, in numpy._core since.
    home = 'numpy._core' if np.__version__ >= '2' else 'numpy.core'
    multiarray = importlib.import_module(f'{home}.multiarray')
    functions = [
        _under_name(
            getattr(multiarray, name), f'numpy.{core}.multiarray.{name}'
        )
        for core in ('core', '_core')
        for name in ('_reconstruct', 'scalar')
    ]
    dtypes = [type(np.dtype(code)) for code in ('float64', 'int64')]
    return [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        *dtypes,
        *functions,
        _under_name(_statistic, 'builtins.getattr'),
        _under_name(_latin1, '_codecs.encode'),
    ]


@contextmanager
def allow_log_history() -> Iterator[None]:
    """Allow mmengine's log history while the context lasts."""
    serialization = torch.serialization
    if not hasattr(serialization, 'add_safe_globals'):  # before torch 2.4
        yield
        return
    before = serialization.get_safe_globals()
    serialization.add_safe_globals(_allowed())
    try:
        yield
    finally:
        serialization.clear_safe_globals()
        serialization.add_safe_globals(before)
