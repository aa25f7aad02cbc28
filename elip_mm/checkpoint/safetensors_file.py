# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Dict

import torch
from torch import Tensor

__all__ = ['is_safetensors', 'load_safetensors']


def is_safetensors(path: str) -> bool:
    """Whether a file says by its name that it is in this format."""
    return path.endswith('.safetensors')


def load_safetensors(path: str, map_location: Any = None) -> Dict[str, Tensor]:
    """Read a file of tensors in the format of Hugging Face.

    The format has no room for code.

    Args:
        path (str): Path of the file.
        map_location (Any): Name of the device where the tensors go; for
            anything else it is the CPU. Defaults to None.

    Returns:
        dict[str, Tensor]: All tensors by their names.

    Raises:
        ValueError: If the file is damaged or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    named = isinstance(map_location, (str, torch.device))
    try:
        return load_file(path, device=str(map_location) if named else 'cpu')
    except SafetensorError as error:
        raise ValueError(
            f'{path} is no file of safetensors, or one that is cut short '
            f'({error}). Fetch it again, or give it the ending of its true '
            'format.'
        ) from error
