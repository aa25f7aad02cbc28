# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path
from typing import Union

import torch

from elip_mm.checkpoint.reading import load_checkpoint_file

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
    loaded = load_checkpoint_file(source, 'cpu')
    state = loaded.get(read, loaded) if isinstance(loaded, dict) else None
    if not isinstance(state, dict):
        raise ValueError(
            f'{source} holds no state dict: neither under the key {read!r} '
            'nor as a whole.'
        )
    converted = convert(state)
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({write: converted}, out)
    return len(converted)
