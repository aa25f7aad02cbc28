# Copyright (c) elip_mm contributors. All rights reserved.
"""Which versions of other libraries ``elip_mm`` accepts.

The check reads package metadata only, so it costs next to nothing and comes
before any heavy import. Otherwise an unsuitable library would show as an
error deep inside another library, far away from its cause.
"""

from importlib import metadata
from typing import Callable, NamedTuple, Optional, Tuple

__all__ = [
    'Requirement',
    'REQUIREMENTS',
    'installed_version',
    'check_versions',
]

Lookup = Callable[[str], Optional[str]]


class Requirement(NamedTuple):
    """One library and the versions that are accepted.

    Args:
        names (Tuple[str]): Distributions any one of which will do; the first
            is the one that messages recommend.
        at_least (str): Lowest accepted version. Empty for any.
        below (str): First version that is refused. Empty for none.
        reason (str): What goes wrong otherwise.
    """

    names: Tuple[str, ...]
    at_least: str = ''
    below: str = ''
    reason: str = ''

    @property
    def spec(self) -> str:
        """str: The range as pip writes it, such as ``>=1.2,<1.3``."""
        bounds = []
        if self.at_least:
            bounds.append(f'>={self.at_least}')
        if self.below:
            bounds.append(f'<{self.below}')
        return ','.join(bounds)

    def accepts(self, version: str) -> bool:
        """Whether ``version`` lies in the range."""
        found = _release(version)
        if self.at_least and found < _release(self.at_least):
            return False
        return not self.below or found < _release(self.below)


REQUIREMENTS = (
    Requirement(('torch',), '2.1', '', 'older ones lack APIs used here'),
    Requirement(('numpy',), '1.26', '', 'older ones were never tried'),
    Requirement(
        ('mmengine',),
        '0.10.7',
        '1',
        'configs, hooks and the runner follow this series',
    ),
    Requirement(
        ('mmcv-lite', 'mmcv'), '2.0', '2.4', 'mmpretrain 1.2 refuses any other'
    ),
    Requirement(
        ('mmpretrain',),
        '1.2',
        '1.3',
        'our models are subclasses of those of this series',
    ),
    Requirement(
        ('transformers',),
        '4.36',
        '4.52',
        'earlier ones run code from files of some tokenizers, and later ones '
        'moved names that mmpretrain 1.2 imports',
    ),
    Requirement(
        ('setuptools',),
        '',
        '82',
        'mmengine imports pkg_resources, which 82 removed',
    ),
    Requirement(
        ('pycocotools',),
        '',
        '',
        'without it mmpretrain leaves out its multimodal models',
    ),
)


def _release(version: str) -> Tuple[int, ...]:
    """Release numbers of a version, without zeros at the end.

    Pre-releases and local tags do not matter here: 2.1.0a0+git counts as 2.1.
    """
    numbers = []
    for part in version.split('+')[0].split('.'):
        digits = ''
        for char in part:
            if not char.isdigit():
                break
            digits += char
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def installed_version(name: str) -> Optional[str]:
    """Version of an installed distribution.

    Args:
        name (str): Name of the distribution, as pip knows it.

    Returns:
        str or None: Its version; None if it is not installed.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _complaint(need: Requirement, lookup: Lookup) -> Optional[str]:
    """Say what is wrong with one library, or None."""
    found = [(name, lookup(name)) for name in need.names]
    present = [(name, version) for name, version in found if version]
    if any(need.accepts(version) for _, version in present):
        return None
    wanted = need.names[0] + need.spec
    if present:
        state = ', '.join(f'{name} {version}' for name, version in present)
        state += ' is installed'
    else:
        state = ' or '.join(need.names) + ' is not installed'
    # Two distributions that provide one module overwrite each other's files,
    # so the recommended one is the one that is there.
    if present:
        wanted = present[0][0] + need.spec
    return (
        f'elip_mm needs {wanted}, but {state} ({need.reason}). '
        f'Run: pip install "{wanted}"'
    )


def check_versions(lookup: Lookup = installed_version) -> None:
    """Check every library that ``elip_mm`` builds on.

    Args:
        lookup (Callable): From the name of a distribution to its version, or
            None if it is not installed. Defaults to
            :func:`installed_version`.

    Raises:
        ImportError: If a library is missing or of an unsuitable version. The
            message says what was found, what is needed, and the command that
            mends it, one line for each such library.
    """
    found = [_complaint(need, lookup) for need in REQUIREMENTS]
    complaints = [text for text in found if text]
    if complaints:
        raise ImportError('\n'.join(complaints))
