# Copyright (c) elip_mm contributors. All rights reserved.
"""What all of tools/model_converters do: read, convert, write."""

from pathlib import Path
from typing import Callable, Dict

import torch
from torch import Tensor

from elip_mm.checkpoint.reading import load_checkpoint_file


def convert_file(
    source: str,
    out: Path,
    convert: Callable[[Dict[str, Tensor]], Dict[str, Tensor]],
    weights: str,
) -> None:
    """Convert a file of other code and say what was written.

    Args:
        source (str): The file; it is read without running code from it.
        out (Path): File to write.
        convert (Callable): State dict to state dict.
        weights (str): Key under which training leaves the weights beside
            its own state; a file without it holds nothing else.

    Raises:
        SystemExit: The file is missing or is not what it should be.
    """
    try:
        loaded = load_checkpoint_file(source, 'cpu')
        converted = convert(loaded.get(weights, loaded))
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=converted), out)
    print(f'wrote {len(converted)} tensors to {out}')
