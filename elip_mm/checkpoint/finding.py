# Copyright (c) elip_mm contributors. All rights reserved.
import zipfile
from pathlib import Path
from typing import Callable, List, Optional, Union

__all__ = ['find_resumable_checkpoint']


def find_resumable_checkpoint(
    work_dir: Union[str, Path], warn: Callable[[str], object] = print
) -> Optional[str]:
    """Find the newest checkpoint in a folder that is whole.

    First the one that ``last_checkpoint`` names, wherever the folder has been
    moved to since, then all others from the newest to the oldest.

    Args:
        work_dir (str or Path): The folder of a run.
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
