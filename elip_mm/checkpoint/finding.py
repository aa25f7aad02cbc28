# Copyright (c) elip_mm contributors. All rights reserved.
"""The checkpoint that a stopped run goes on from."""

import os
from pathlib import Path
from typing import Callable, List, Optional, Union

from .contents import check_run_file
from .reading import load_checkpoint_file

__all__ = ['find_resumable_checkpoint', 'read_last_checkpoint']

# Longer than any path that a system takes.
_LONGEST_NOTE = 1 << 13


def find_resumable_checkpoint(
    work_dir: Union[str, Path], warn: Callable[[str], object] = print
) -> Optional[str]:
    """Find the newest checkpoint in a folder that is whole.

    First the one that ``last_checkpoint`` names, wherever the folder has been
    moved to since, then all others from the newest to the oldest. Each is read
    from its beginning to its end before it is taken.

    Args:
        work_dir (str or Path): The folder of a run.
        warn (Callable): Told about each damaged file that is passed over.
            Defaults to :func:`print`.

    Returns:
        str or None: Its path; None if there is none.
    """
    for path in _candidates(Path(work_dir)):
        try:
            # Tensors on the meta device take no memory.
            content = load_checkpoint_file(str(path), 'meta')
            check_run_file(content, str(path))
            return str(path)
        except (ValueError, OSError, RuntimeError) as error:
            warn(
                f'{path} is not resumed from, and an earlier checkpoint is '
                f'looked for: {error} Delete the file to be rid of this '
                'message.'
            )
    return None


def read_last_checkpoint(folder: Union[str, Path]) -> Optional[Path]:
    """Read which checkpoint was saved last.

    Args:
        folder (str or Path): The folder of a run.

    Returns:
        Path or None: What ``last_checkpoint`` in it names, in that folder if
        it is there, as after a move; None without a note that can be read.
    """
    note = Path(folder) / 'last_checkpoint'
    if not os.path.isfile(note):  # a pipe would block
        return None
    try:
        with note.open('rb') as file:
            text = file.read(_LONGEST_NOTE).decode().strip()
    except (OSError, UnicodeDecodeError):
        return None
    name = os.path.basename(text)
    if not name or not text.isprintable():
        return None
    # A path that no longer exists is one of a folder that was moved; in a
    # folder that was copied, its own file is meant and not the original's.
    here = Path(folder) / name
    last = here if os.path.isfile(here) else Path(text)
    # os.path answers for names that are too long, too.
    return last if os.path.isfile(last) else None


def _candidates(folder: Path) -> List[Path]:
    """Checkpoints that hold everything a run needs, best first."""
    found = sorted(
        (
            path
            for pattern in ('iter_*.pth', 'epoch_*.pth')
            for path in folder.glob(pattern)
        ),
        key=_age,
        reverse=True,
    )
    last = read_last_checkpoint(folder)
    if last is not None:
        found = [last] + [path for path in found if path != last]
    return found


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # a link that leads nowhere, or a file that is gone
        return 0
