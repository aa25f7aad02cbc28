# Copyright (c) elip_mm contributors. All rights reserved.
"""Loading of checkpoints that executes nothing and notices damage."""

import os
import pickle
import re
from typing import Any

import torch
from mmengine.utils import digit_version

from .archive import check_archive, check_regular_file, is_archive
from .config_text import set_config_text_aside
from .log_history import allow_log_history
from .plain_data import check_bounded
from .safetensors_file import is_safetensors, load_safetensors

__all__ = ['load_checkpoint_file']


def load_checkpoint_file(filename: str, map_location: Any = None) -> Any:
    """Read a local checkpoint without executing anything in it.

    Each record is compared with its checksum. Texts that mmengine would run
    as a config are set aside, see :func:`set_config_text_aside`.

    Args:
        filename (str): Path of the file, of torch or ``.safetensors``.
        map_location (Any): As in :func:`torch.load`. Defaults to None.

    Returns:
        Any: Content of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, is something else, or holds
            something that cannot be read safely. The message says what to do.
    """
    path = os.path.expanduser(filename)
    check_regular_file(path)
    if is_safetensors(path):
        return load_safetensors(path, map_location)
    if is_archive(path):
        check_archive(path)
    try:
        with allow_log_history():
            content = torch.load(
                path, map_location=map_location, weights_only=True
            )
    except pickle.UnpicklingError as error:
        raise ValueError(_unsafe(filename, error)) from error
    # The bytes decide what torch raises: KeyError, struct.error and more.
    except Exception as error:
        if _is_about_the_machine(error):
            raise
        raise ValueError(
            f'{filename} is damaged, or torch.save did not write it '
            f'({type(error).__name__}: {_first_line(error)}). Fetch it again, '
            'or use an earlier one of that run.'
        ) from error
    check_bounded(content, filename)
    return set_config_text_aside(content)


def _is_about_the_machine(error: Exception) -> bool:
    """Whether a device is missing or full, which is no damage."""
    full = isinstance(error, getattr(torch, 'OutOfMemoryError', ()))
    return full or 'map_location' in str(error)


def _first_line(error: Exception) -> str:
    return str(error).partition('\n')[0][:200]


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
