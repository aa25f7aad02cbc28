# Copyright (c) elip_mm contributors. All rights reserved.
import os
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
        """
        partial = f'{filepath}.partial'
        os.makedirs(os.path.dirname(os.path.abspath(filepath)), exist_ok=True)
        with open(partial, 'wb') as file:
            file.write(obj)
            # Else the name may reach the disk before the content does, and
            # a power failure would leave an empty file under a good name.
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, filepath)

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


# Under a name of its own: files that are not checkpoints stay as they were.
register_backend(ATOMIC, AtomicLocalBackend, force=True)
