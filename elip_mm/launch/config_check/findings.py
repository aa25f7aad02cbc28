# Copyright (c) elip_mm contributors. All rights reserved.
"""What is wrong in a config, and where it was written."""

from dataclasses import dataclass
from typing import Any, List, Mapping, Tuple

from .names import nearest, suggestion

__all__ = ['Finding', 'Path', 'Report']

# How alike two keys must be where any key could be meant.
_ALIKE = 0.85
# Keys and positions from the top of a config to one of its values.
Path = Tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One mistake.

    Args:
        path (tuple[str]): Keys from the top of the config.
        text (str): What is wrong, and the mend.
    """

    path: Path
    text: str

    @property
    def key(self) -> str:
        """str: As ``--cfg-options`` would write the path."""
        return '.'.join(self.path)


class Report:
    """Collects mistakes."""

    def __init__(self) -> None:
        self.findings: List[Finding] = []

    def add(self, path: Path, text: str) -> None:
        """Note a mistake.

        Args:
            path (tuple[str]): Keys from the top of the config.
            text (str): What is wrong, and the mend.
        """
        finding = Finding(path, text)
        if finding not in self.findings:
            self.findings.append(finding)

    def check_keys(
        self, value: Mapping, path: Path, known: Any, owner: str
    ) -> None:
        """Note all keys that are not among the known ones.

        Args:
            value (Mapping): A part of the config.
            path (tuple[str]): Where it stands.
            known (Iterable[str]): Its possible keys.
            owner (str): What takes them, for messages.
        """
        known = set(known)
        for key in value:
            if key not in known and key not in ('type', '_scope_'):
                self.add(
                    (*path, str(key)),
                    f'{owner} takes no {key!r}{suggestion(str(key), known)}',
                )

    def check_near_keys(
        self, value: Mapping, path: Path, known: Any, owner: str
    ) -> None:
        """Note keys that are much like a known one, where any are taken.

        Args:
            value (Mapping): A part of the config.
            path (tuple[str]): Where it stands.
            known (Iterable[str]): Keys that its owner reads for sure.
            owner (str): What takes them, for messages.
        """
        for key in value:
            close = nearest(str(key), known, cutoff=_ALIKE)
            if key not in known and close and close not in value:
                self.add(
                    (*path, str(key)),
                    f'{owner} may take any key, but {key!r} is much like '
                    f'another; did you mean {close}?',
                )
