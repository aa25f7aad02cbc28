# Copyright (c) elip_mm contributors. All rights reserved.
"""Where the files are that ship beside the package: configs and tools."""

from pathlib import Path

__all__ = ['find_resource']

_PACKAGE = Path(__file__).resolve().parents[1]


def find_resource(relative: str) -> Path:
    """Find a file or folder that ships with the library.

    An installed package has them in ``elip_mm/.mim``, a checkout beside the
    package. A checkout from which a wheel was built has a copy in the former
    place too; there, what lies beside the package is what one edits.

    Args:
        relative (str): Its path in the repository, such as
            ``'tools/train.py'`` or ``'configs/_base_/reducers'``.

    Returns:
        Path: Where it is on this machine.

    Raises:
        FileNotFoundError: If it is in neither place.
    """
    places = [_PACKAGE / '.mim' / relative, _PACKAGE.parent / relative]
    if (_PACKAGE.parent / 'setup.py').is_file():
        places.reverse()
    for path in places:
        if path.exists():
            return path
    raise FileNotFoundError(
        f'{relative} does not ship with elip_mm: it is neither {places[0]} '
        f'nor {places[1]}; check the spelling, or install elip_mm again.'
    )
