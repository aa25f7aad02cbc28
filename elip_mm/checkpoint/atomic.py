# Copyright (c) elip_mm contributors. All rights reserved.
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Union

from mmengine.fileio import LocalBackend, register_backend

__all__ = ['ATOMIC', 'AtomicLocalBackend']

# Name of the backend in a config.
ATOMIC = 'elip_mm.atomic'


class AtomicLocalBackend(LocalBackend):
    """Local files that are either complete or not there.

    A file is written beside its destination and then moved over it, which is
    one step for the file system. A process killed in between leaves the old
    file, and a ``.partial`` one that the next save overwrites.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes to a file.

        Args:
            obj (bytes): The content.
            filepath (str or Path): Where to.

        Raises:
            OSError: If it cannot be written, as on a full disk. What was
                written of it is removed.
        """
        partial = f'{filepath}.partial'
        try:
            folder = os.path.dirname(os.path.abspath(filepath))
            os.makedirs(folder, exist_ok=True)
            with open(partial, 'wb') as file:
                file.write(obj)
                # Else the name may reach the disk before the content does,
                # and a power failure would leave an empty file under a good
                # name.
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, filepath)
        except OSError as error:
            with suppress(OSError):
                os.remove(partial)
            raise OSError(
                error.errno, _say_why(str(filepath), len(obj), error)
            ) from error

    def put_text(
        self,
        obj: str,
        filepath: Union[str, Path],
        encoding: str = 'utf-8',
    ) -> None:
        """Write text to a file.

        Args:
            obj (str): The content.
            filepath (str or Path): Where to.
            encoding (str): How to encode it. Defaults to 'utf-8'.
        """
        self.put(obj.encode(encoding), filepath)


def _say_why(path: str, size: int, error: OSError) -> str:
    text = f'{path} ({_megabytes(size)}) cannot be written: {error.strerror}'
    with suppress(OSError):
        free = shutil.disk_usage(os.path.dirname(os.path.abspath(path))).free
        text += f'; {_megabytes(free)} are free in its folder'
    return (
        f'{text}. Nothing of it is left behind, and earlier files are as they '
        'were. Make room or choose another folder, then resume.'
    )


def _megabytes(size: int) -> str:
    return f'{size / 2**20:.1f} MiB'


# Under a name of its own: files that are not checkpoints stay as they were.
register_backend(ATOMIC, AtomicLocalBackend, force=True)
