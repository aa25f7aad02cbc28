# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path
from typing import Callable, Dict, Union

import torch
from torch import Tensor

from elip_mm.checkpoint.reading import load_checkpoint_file

__all__ = ['convert_file']

# Where our own checkpoints keep the weights.
OUR_WEIGHTS = 'state_dict'


def convert_file(
    source: str,
    out: Union[str, Path],
    convert: Callable[[Dict[str, Tensor]], Dict[str, Tensor]],
    weights: str,
    reverse: bool = False,
) -> int:
    """Convert a file of other code to ours, or one of ours to theirs.

    Args:
        source (str): The file; it is read without running code from it.
        out (str or Path): File to write. Its folder is made if needed.
        convert (Callable): State dict to state dict.
        weights (str): Key under which training of the other code leaves the
            weights beside its own state; a file without it holds nothing
            else.
        reverse (bool): Whether the file is ours and becomes theirs. Defaults
            to False.

    Returns:
        int: Number of tensors that were written.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or is of another model.
    """
    theirs, ours = (weights, OUR_WEIGHTS)
    read, write = (ours, theirs) if reverse else (theirs, ours)
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
