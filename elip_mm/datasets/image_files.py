# Copyright (c) elip_mm contributors. All rights reserved.
"""Which files are read as images, decided before anything is decoded."""

import os
import stat
from dataclasses import dataclass, field
from typing import Dict, Optional

from PIL import Image

from elip_mm.utils.checks import is_possible_path, shown

# Pictures and nothing else: Pillow also knows PostScript, which is a program.
_FORMATS = (
    'AVIF', 'BMP', 'GIF', 'HEIF', 'JPEG', 'JPEG2000', 'MPO', 'PNG', 'PPM',
    'TIFF', 'WEBP',
)  # fmt: skip
_KINDS = (
    (stat.S_ISDIR, 'a folder'),
    (stat.S_ISFIFO, 'a pipe'),
    (stat.S_ISSOCK, 'a socket'),
    (stat.S_ISCHR, 'a device'),
    (stat.S_ISBLK, 'a device'),
)
# What Pillow warns of by default, a quarter of a gigabyte when decoded. It
# refuses twice as much by itself.
MAX_PIXELS = 89_478_485


def is_remote(path: str) -> bool:
    """Whether a path is an address such as ``https://...`` or ``s3://...``."""
    return '://' in path


def join_image_path(root: str, image: str) -> str:
    """Path of an image that an annotation names.

    Args:
        root (str): Folder or address of the images; may be empty.
        image (str): Path relative to it, absolute path or address.

    Returns:
        str: The path.
    """
    if not root or is_remote(image):
        return image
    if is_remote(root):
        return f'{root.rstrip("/")}/{image}'
    return os.path.join(root, image)


def special_kind(path: str) -> Optional[str]:
    """What a path leads to if it is not a regular file.

    Args:
        path (str): A local path.

    Returns:
        str or None: In words; None for a regular file.

    Raises:
        OSError: There is nothing, or it may not be looked at.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode):
        return None
    return next((name for of, name in _KINDS if of(mode)), 'a special file')


@dataclass(frozen=True)
class ImageGuard:
    """Tells which images a data set may read.

    Args:
        root (str): Folder that images may not leave. Empty if paths are as
            whoever wrote the annotations means them.
        max_pixels (int, optional): Height times width that is still decoded;
            None for no bound.
        allow_outside (bool): Whether images may lie outside of the root.
        allow_remote (bool): Whether what is not a local file is left to the
            transform that loads it.
    """

    root: str = ''
    max_pixels: Optional[int] = MAX_PIXELS
    allow_outside: bool = False
    allow_remote: bool = False
    _folders: Dict[str, bool] = field(
        default_factory=dict, repr=False, compare=False
    )

    def refuse_path(self, path: str) -> Optional[str]:
        """Say what is wrong with a path, without a look at the file.

        Args:
            path (str): As :func:`join_image_path` gives it.

        Returns:
            str or None: The fault and its mend; None if there is none.
        """
        if not is_possible_path(path):
            return 'can be the path of no file'
        if is_remote(path) and not self.allow_remote:
            return (
                'is an address, and nothing is fetched unless the data set '
                'has allow_remote=True'
            )
        if not self._stays(path):
            return (
                f'leads out of the image root {self.root!r}, which the data '
                'set only follows with allow_outside=True'
            )
        return None

    def check_file(self, path: str) -> None:
        """Look at a file before it is decoded.

        Args:
            path (str): The image.

        Raises:
            ValueError: It is no regular file, lies outside of the root, is in
                no known format or too large.
            OSError: It is not there.
        """
        fault = self.refuse_path(path)
        if fault:
            raise ValueError(f'it {fault}')
        if self.allow_remote and not os.path.lexists(path):
            return
        kind = special_kind(path)
        if kind is not None:
            raise ValueError(f'it is {kind} and not a regular file')
        if os.path.islink(path) and not self._stays(os.path.realpath(path)):
            raise ValueError(
                f'it is a link out of the image root {self.root!r}, which '
                'the data set only follows with allow_outside=True'
            )
        self._check_size(path)

    def _stays(self, path: str) -> bool:
        """Whether a path is in the root; links to folders are followed."""
        if not self.root or self.allow_outside:
            return True
        if is_remote(path) or is_remote(self.root):
            inside = path.startswith(f'{self.root.rstrip("/")}/')
            return inside and '..' not in path.split('/')
        # Resolved once a folder, since there may be millions of images.
        folder = os.path.dirname(path)
        known = self._folders.get(folder)
        if known is None:
            root, place = map(os.path.realpath, (self.root, folder))
            known = os.path.commonpath([root, place]) == root
            self._folders[folder] = known
        return known

    def _check_size(self, path: str) -> None:
        if self.max_pixels is None:
            return
        Image.init()
        formats = [name for name in _FORMATS if name in Image.OPEN]
        try:
            with Image.open(path, formats=formats) as image:
                width, height = image.size
        except Image.DecompressionBombError:
            width = height = 2**31
        if width * height > self.max_pixels:
            raise ValueError(
                f'it has more pixels than max_pixels={self.max_pixels}; if '
                'that is meant, give the data set a larger number'
            )


def describe_image(path: str) -> str:
    """Name of an image in messages, on one line whatever it holds."""
    return shown(path, 500)
