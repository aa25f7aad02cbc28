# Copyright (c) elip_mm contributors. All rights reserved.
"""Whether a checkpoint fits, and which one to resume from."""

import re
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from torch import nn

__all__ = ['check_state_dict', 'find_resumable_checkpoint']


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
        ValueError: If it does not fit. The message names the first few of
            the weights that differ.
    """
    weights = checkpoint.get('state_dict', checkpoint)
    # The runner does the same: a wrapped model's names have this in front.
    weights = {re.sub(r'^module\.', '', k): v for k, v in weights.items()}
    mismatched: List[str] = []
    missing: List[str] = []
    unexpected: List[str] = []
    try:
        keys = model.load_state_dict(weights, strict=False)
        missing, unexpected = keys.missing_keys, keys.unexpected_keys
    except RuntimeError as error:
        mismatched = re.findall(
            r'size mismatch for (\S+): .*?torch\.Size\((\[.*?\])\)'
            r'.*?torch\.Size\((\[.*?\])\)',
            str(error),
            flags=re.DOTALL,
        )
        if not mismatched:
            raise
    # As mmengine does: older batch norms had no such counter.
    missing = [key for key in missing if 'num_batches_tracked' not in key]
    nothing_fits = set(unexpected) >= set(weights)
    if not mismatched and partial and not nothing_fits:
        return
    if not (mismatched or missing or unexpected):
        return
    shapes = [f'{k} is {a}, not {b}' for k, a, b in mismatched]
    lines = [
        f'{source} does not fit the model {type(model).__name__}:',
        *_some('of another shape', shapes),
        *_some('missing in the file', missing),
        *_some('unknown to the model', unexpected),
        'Use the config it was trained with.',
    ]
    if not mismatched and not nothing_fits:
        lines.append(
            'To start a training from a part of the weights, set '
            'load_strict=False in the config.'
        )
    raise ValueError('\n  '.join(lines))


def _some(what: str, names: List[str], at_most: int = 4) -> List[str]:
    """One line that names the first few, if there are any."""
    if not names:
        return []
    more = f', ... ({len(names)} in all)' if len(names) > at_most else ''
    return [f'{what}: {", ".join(names[:at_most])}{more}']


def find_resumable_checkpoint(
    work_dir: str, warn: Any = print
) -> Optional[str]:
    """Find the newest checkpoint in a folder that is whole.

    First the one that ``last_checkpoint`` names, wherever the folder has been
    moved to since, then all others from the newest to the oldest.

    Args:
        work_dir (str): The folder of a run.
        warn (Callable): Told about each damaged file that is passed over.
            Defaults to :func:`print`.

    Returns:
        str or None: Its path; None if there is none.
    """
    for path in _candidates(Path(work_dir)):
        if zipfile.is_zipfile(path):
            return str(path)
        warn(
            f'{path} is damaged, so an earlier checkpoint is looked for. '
            'Delete it to be rid of this message.'
        )
    return None


def _candidates(folder: Path) -> List[Path]:
    """Checkpoints that hold everything a run needs, best first."""
    found = sorted(
        (
            path
            for pattern in ('iter_*.pth', 'epoch_*.pth')
            for path in folder.glob(pattern)
        ),
        key=lambda path: path.stat().st_mtime_ns,
        reverse=True,
    )
    note = folder / 'last_checkpoint'
    named = Path(note.read_text().strip()) if note.is_file() else None
    if named is None or not named.name:
        return found
    # A path that no longer exists is one of a folder that was moved; in a
    # folder that was copied, its own file is meant and not the original's.
    here = folder / named.name
    last = here if here.is_file() else named
    if last.is_file():
        found = [last] + [path for path in found if path != last]
    return found
