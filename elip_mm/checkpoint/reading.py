# Copyright (c) elip_mm contributors. All rights reserved.
"""Loading of checkpoints that never executes code from the file.

Our checkpoints are plain, see ``plain_data.py``. Those of other OpenMMLab
projects hold their log history as objects; exactly what is needed to read
these is allowed, and nothing else.
"""

import functools
import importlib
import os
import pickle
import re
import zipfile
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.utils import digit_version

from .safetensors_file import is_safetensors, load_safetensors

__all__ = ['load_checkpoint_file']


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
def _allow_log_history() -> Iterator[None]:
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


def load_checkpoint_file(filename: str, map_location: Any = None) -> Any:
    """Read a local checkpoint without executing anything in it.

    Args:
        filename (str): Path of the file, of torch or ``.safetensors``.
        map_location (Any): As in :func:`torch.load`. Defaults to None.

    Returns:
        Any: Content of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, or holds something that cannot be
            read safely. The message says what to do.
    """
    path = os.path.expanduser(filename)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'There is no checkpoint file {filename}; check the path.'
        )
    if is_safetensors(path):
        return load_safetensors(path, map_location)
    try:
        with _allow_log_history():
            return torch.load(
                path, map_location=map_location, weights_only=True
            )
    except pickle.UnpicklingError as error:
        if _is_archive(path):
            raise ValueError(_unsafe(filename, error)) from error
        raise ValueError(_damaged(filename)) from error
    except (
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
        OSError,
        ValueError,
    ) as error:
        # A device that is not there is a RuntimeError, too, and no damage.
        if _is_archive(path):
            raise
        raise ValueError(_damaged(filename)) from error


def _is_archive(path: str) -> bool:
    """Whether a file is whole: the archive's directory is at its end."""
    return zipfile.is_zipfile(path)


def _damaged(filename: str) -> str:
    size = os.path.getsize(os.path.expanduser(filename))
    return (
        f'{filename} ({size} bytes) is no checkpoint, or one that is cut '
        'short, as by an interrupted copy or a full disk. Fetch it again, or '
        'use an earlier one of that run.'
    )


def _unsafe(filename: str, error: Exception) -> str:
    # The rest of torch's message advises to switch the protection off.
    found = re.search(r'GLOBAL ([\w.]+)|(it asks for .*)', str(error))
    reason = 'it is not in the format of torch.save'
    if found:
        reason = f'it refers to {found[1]}' if found[1] else found[2]
    mend = (
        'If you trust its origin, read it where it was made and save '
        "the weights alone: torch.save(dict(state_dict=ckpt['state_dict']),"
        ' path).'
    )
    if digit_version(torch.__version__) < digit_version('2.4'):
        mend += (
            ' Checkpoints of other OpenMMLab projects can be read '
            'directly with torch 2.4 or newer.'
        )
    return (
        f'{filename} holds more than tensors and plain data, and is not '
        f'loaded because that could run code from it ({reason}).'
        f' {mend}'
    )
