# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Dict

from torch import Tensor, nn

from elip_mm.utils.finite import broken_weights

from .contents import find_weights
from .differences import load_and_compare, name_some

__all__ = ['check_state_dict']


def check_state_dict(
    model: nn.Module,
    checkpoint: Dict[str, Any],
    source: str = 'the checkpoint',
    partial: bool = False,
) -> None:
    """Raise an error unless a checkpoint fits a model, and is a sound one.

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
        ValueError: If it does not fit, holds no weights, or some that are
            not finite. The message names the first few that are concerned.
    """
    weights = find_weights(checkpoint, source)
    # The runner does the same: a wrapped model's names have this in front.
    weights = {k.removeprefix('module.'): v for k, v in weights.items()}
    found = load_and_compare(model, weights)
    nothing_fits = set(found.unexpected) >= set(weights)
    usable_part = not found.mismatched and not nothing_fits
    if found.fits or (partial and usable_part):
        # Only now: a small file can hold a tensor of any size.
        _check_finite(model, weights, source)
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


def _check_finite(
    model: nn.Module, weights: Dict[str, Tensor], source: str
) -> None:
    """Raise an error if a model cannot work with these weights."""
    own = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    names = set(model.state_dict())
    used = [item for item in weights.items() if item[0] in names]
    broken = broken_weights(used, own)
    if broken:
        raise ValueError(
            f'{source} holds weights that are not finite: the run that made '
            'it had diverged.\n  '
            + name_some('NaN or infinite', broken)[0]
            + '\n  Use an earlier checkpoint of that run.'
        )
