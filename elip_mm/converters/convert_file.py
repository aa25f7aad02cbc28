# Copyright (c) elip_mm contributors. All rights reserved.
from io import BytesIO
from pathlib import Path
from typing import Union

import torch
from torch import Tensor

from elip_mm.checkpoint import (
    AtomicLocalBackend,
    find_weights,
    load_checkpoint_file,
)

from .families import Converter

__all__ = ['convert_file']


def convert_file(
    source: str,
    out: Union[str, Path],
    family: Converter,
    reverse: bool = False,
) -> int:
    """Convert a file of other code to ours, or one of ours to theirs.

    Args:
        source (str): The file; it is read without running code from it.
        out (str or Path): File to write. Its folder is made if needed.
        family (Converter): The other code. A file without the key under
            which its training leaves the weights holds nothing else.
        reverse (bool): Whether the file is ours and becomes theirs. Defaults
            to False.

    Returns:
        int: Number of tensors that were written.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or is of another model.
    """
    read, write = family.weights, 'state_dict'
    convert = family.from_theirs
    if reverse:
        read, write = write, read
        convert = family.to_theirs
    state = find_weights(load_checkpoint_file(source, 'cpu'), source, read)
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f'{source}: {name!r} holds a {type(value).__name__}, but a '
                'state dict of tensors is needed.'
            )
    converted = convert(state)
    buffer = BytesIO()
    torch.save({write: converted}, buffer)
    AtomicLocalBackend().put(buffer.getvalue(), out)
    return len(converted)
