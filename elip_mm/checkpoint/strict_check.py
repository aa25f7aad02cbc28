# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Dict

from torch import nn

from .contents import find_weights
from .differences import load_and_compare

__all__ = ['check_state_dict']


def check_state_dict(
    model: nn.Module,
    checkpoint: Dict[str, Any],
    source: str = 'the checkpoint',
    partial: bool = False,
) -> None:
    """Raise an error unless a checkpoint fits a model.

    The weights are loaded to find out: a model may rename or resize what it
    loads, as with the position embedding of another image size, and only
    loading tells what is left over.

    Args:
        model (nn.Module): The model, without distributed wrapper.
        checkpoint (Dict[str, Any]): A checkpoint with key ``state_dict``, or
            a state dict itself.
        source (str): Where it comes from, for the message. Defaults to
            'the checkpoint'.
        partial (bool): Whether weights may be missing or left over; shapes
            must agree in any case. Defaults to False.

    Raises:
        ValueError: If it does not fit, or holds no weights. The message
            names the first few of the weights that differ.
    """
    weights = find_weights(checkpoint, source)
    # The runner does the same: a wrapped model's names have this in front.
    weights = {k.removeprefix('module.'): v for k, v in weights.items()}
    found = load_and_compare(model, weights)
    nothing_fits = set(found.unexpected) >= set(weights)
    usable_part = not found.mismatched and not nothing_fits
    if found.fits or (partial and usable_part):
        return
    lines = [
        f'{source} does not fit the model {type(model).__name__}:',
        *found.lines(),
        'Use the config it was trained with.',
    ]
    if usable_part:
        lines.append(
            'To start a training from a part of the weights, set '
            'load_strict=False in the config.'
        )
    raise ValueError('\n  '.join(lines))
