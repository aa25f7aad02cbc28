# Copyright (c) elip_mm contributors. All rights reserved.
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List

from torch import Tensor, nn

from elip_mm.utils.finite import broken_weights

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
        ValueError: If it does not fit, or if weights are not finite. The
            message names the first few of the weights concerned.
    """
    weights = checkpoint.get('state_dict', checkpoint)
    # The runner does the same: a wrapped model's names have this in front.
    weights = {k.removeprefix('module.'): v for k, v in weights.items()}
    _check_finite(model, weights, source)
    found = _load(model, weights)
    nothing_fits = set(found.unexpected) >= set(weights)
    usable_part = not found.mismatched and not nothing_fits
    if found.fits or (partial and usable_part):
        return
    lines = [
        f'{source} does not fit the model {type(model).__name__}:',
        *_some('of another shape', found.mismatched),
        *_some('missing in the file', found.missing),
        *_some('unknown to the model', found.unexpected),
        'Use the config it was trained with.',
    ]
    if usable_part:
        lines.append(
            'To start a training from a part of the weights, set '
            'load_strict=False in the config.'
        )
    raise ValueError('\n  '.join(lines))


@dataclass
class _Differences:
    """Weights that differ; those of another shape with both shapes."""

    mismatched: List[str] = field(default_factory=list)
    missing: List[str] = field(default_factory=list)
    unexpected: List[str] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        return not (self.mismatched or self.missing or self.unexpected)


def _load(model: nn.Module, weights: Dict[str, Tensor]) -> _Differences:
    try:
        keys = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        mismatched = re.findall(
            r'size mismatch for (\S+): .*?torch\.Size\((\[.*?\])\)'
            r'.*?torch\.Size\((\[.*?\])\)',
            str(error),
            flags=re.DOTALL,
        )
        if not mismatched:
            raise
        return _Differences([f'{k} is {a}, not {b}' for k, a, b in mismatched])
    # As mmengine does: older batch norms had no such counter.
    missing = [k for k in keys.missing_keys if 'num_batches_tracked' not in k]
    return _Differences([], missing, keys.unexpected_keys)


def _check_finite(
    model: nn.Module, weights: Dict[str, Tensor], source: str
) -> None:
    """Raise an error if a model cannot work with these weights."""
    own = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    broken = broken_weights(weights.items(), own)
    if broken:
        raise ValueError(
            f'{source} holds weights that are not finite: the run that made '
            'it had diverged.\n  '
            + _some('NaN or infinite', broken)[0]
            + '\n  Use an earlier checkpoint of that run.'
        )


def _some(what: str, names: List[str], at_most: int = 4) -> List[str]:
    """One line that names the first few, if there are any."""
    if not names:
        return []
    more = f', ... ({len(names)} in all)' if len(names) > at_most else ''
    return [f'{what}: {", ".join(names[:at_most])}{more}']
