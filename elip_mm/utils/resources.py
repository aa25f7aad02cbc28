# Copyright (c) elip_mm contributors. All rights reserved.
"""Where the files are that ship with packages: configs, tools, weights."""

from importlib.util import find_spec
from pathlib import Path

__all__ = ['find_resource', 'local_path']

# Addresses of files in installed packages, as ``pkg://elip_mm/weights/...``.
PACKAGED = 'pkg://'

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


def local_path(name: str) -> str:
    """Turn the address of a packaged file into its path.

    Configs name what an installed package brings, such as weights and
    vocabularies, by ``pkg://<package>/<path in it>``: the same text on every
    machine. Nothing of that package is run.

    Args:
        name (str): Such an address, or anything else.

    Returns:
        str: Path of the file or folder; other names as they are.

    Raises:
        FileNotFoundError: If there is no such package, or no such file in it.
    """
    if not name.startswith(PACKAGED):
        return name
    package, _, relative = name[len(PACKAGED) :].partition('/')
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            f'{name} names a file of the package {package!r}, which is not '
            f'installed; pip install {package.replace("_", "-")} may bring '
            'it.'
        )
    root = Path(next(iter(spec.submodule_search_locations))).resolve()
    path = (root / relative).resolve()
    if root not in path.parents or not path.exists():
        raise FileNotFoundError(
            f'{name} does not exist: the installed package {package!r} has no '
            f'{relative!r}; check the spelling and its version.'
        )
    return str(path)
