# Copyright (c) elip_mm contributors. All rights reserved.
"""One training at a time in a folder."""

import os
import socket
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Iterator, Set, Union

fcntl: Any
try:
    import fcntl
except ImportError:  # not a Unix
    fcntl = None

__all__ = ['LOCK_FILE', 'lock_work_dir']

LOCK_FILE = '.lock'
# The system gives a lock to a process, not to a caller.
_OWN: Set[Path] = set()


@contextmanager
def lock_work_dir(folder: Union[str, Path]) -> Iterator[None]:
    """Keep other trainings out of a folder while the context lasts.

    Two runs in one folder would overwrite each other's checkpoints, and each
    would resume from the other's. The lock is one of the file system, on a
    file that says who holds it: it ends with the process, however that ends,
    and workers that outlive it do not keep it. On a network file system it
    holds among machines if the file system passes locks on; where it does
    not know locks, a warning says so.

    Args:
        folder (str or Path): Folder of a run; it is made if need be.

    Raises:
        ValueError: If another training holds the folder. The message says
            which.
    """
    path = Path(folder).resolve() / LOCK_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    if path in _OWN:  # not to be read: closing it would end the lock
        raise ValueError(_held(folder, 'this very process'))
    # Not emptied when opened: it may be another's.
    with open(path, 'a+') as file:
        _acquire(file, folder, path)
        _OWN.add(path)
        try:
            file.truncate(0)
            file.write(_about_this_process())
            file.flush()
            yield
        finally:
            _OWN.discard(path)
            file.truncate(0)
    # The file stays: another process may be about to lock it.


def _acquire(file: IO[str], folder: Union[str, Path], path: Path) -> None:
    if fcntl is None:
        return
    try:
        # Unlike those of flock, these locks are not inherited by the workers
        # of data loaders, which live on for seconds when a run is killed.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        owner = path.read_text().strip() or 'a process of unknown name'
        raise ValueError(_held(folder, owner)) from error
    except OSError as error:
        warnings.warn(
            f'{folder} cannot be locked ({error}): make sure that no other '
            'training uses it.'
        )


def _held(folder: Union[str, Path], owner: str) -> str:
    return (
        f'another training uses {folder}: {owner}. Wait for it, end it, or '
        'take another --work-dir; two runs would overwrite each other.'
    )


def _about_this_process() -> str:
    since = time.strftime('%Y-%m-%d %H:%M:%S')
    return (
        f'process {os.getpid()} on {socket.gethostname()}, since {since} '
        f'({" ".join(sys.argv)[:200]})\n'
    )
