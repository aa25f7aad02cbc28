# Copyright (c) elip_mm contributors. All rights reserved.
"""Pairs of key templates that are read in both directions."""

import functools
import re
from typing import Dict, Optional, Tuple

__all__ = ['Template', 'translate']

# Ours and theirs, in any order: both sides have the same placeholders.
Template = Tuple[str, str]

_PLACEHOLDER = re.compile(r'\{(\w+)(?::([^}]+))?\}')


def translate(key: str, source: str, target: str) -> Optional[str]:
    """Write a key that fits one template by another one.

    A placeholder stands for a number if its name is a single letter, as in
    ``blocks.{n}``; for any rest of a key if it is called ``{rest}``; else for
    one word without dots. Alternatives may be listed on either side, as in
    ``{side:text|image}``.

    Args:
        key (str): The key.
        source (str): The template that it may fit, as a whole.
        target (str): The template to write it by.

    Returns:
        str or None: The key under its other name; None if it does not fit.

    Raises:
        ValueError: If the placeholders of the two templates differ: the way
            back would be lost.
    """
    pattern, form = _compile(source, target)
    match = pattern.fullmatch(key)
    return form.format_map(match.groupdict()) if match else None


@functools.cache
def _compile(source: str, target: str) -> Tuple['re.Pattern[str]', str]:
    choices: Dict[str, str] = {}
    names = []
    for template in (source, target):
        found = _PLACEHOLDER.findall(template)
        names.append(sorted(name for name, _ in found))
        choices.update({name: choice for name, choice in found if choice})
    if names[0] != names[1]:
        raise ValueError(
            f'{source!r} and {target!r} must have the same placeholders, but '
            f'have {names[0]} and {names[1]}.'
        )
    pattern, end = '', 0
    for hit in _PLACEHOLDER.finditer(source):
        pattern += re.escape(source[end : hit.start()])
        pattern += f'(?P<{hit[1]}>{choices.get(hit[1]) or _kind(hit[1])})'
        end = hit.end()
    pattern += re.escape(source[end:])
    return re.compile(pattern), _PLACEHOLDER.sub(r'{\1}', target)


def _kind(name: str) -> str:
    if name == 'rest':
        return '.+'
    return r'\d+' if len(name) == 1 else r'\w+'
