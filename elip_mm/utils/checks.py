# Copyright (c) elip_mm contributors. All rights reserved.
"""Is what a user gave of the kind that is needed?

Each function gives the value back as the plain Python type that it means:
numpy's numbers are numbers, 2.0 is the whole number 2, and True is none.
``name`` is how messages call the value, owner first, as in
``'ELIPReducer: eps'``. A setting that does not fit raises a ValueError, be it
of a wrong type or out of bounds; see ``texts.py`` for what is handed to calls.
"""

import math
import numbers
import os
from typing import Any, Collection, Optional, Tuple

__all__ = [
    'check_choice',
    'check_flag',
    'check_list',
    'check_number',
    'check_path',
    'check_whole',
    'is_possible_path',
    'shown',
]


def shown(value: Any, limit: int = 200) -> str:
    """Write a value into a message, cut to a length.

    Args:
        value (Any): Anything.
        limit (int): Most characters. Defaults to 200.

    Returns:
        str: Printable whatever the value is.
    """
    try:
        text = repr(value)
    except Exception:  # a whole number of 5000 digits has no text form
        text = f'a {type(value).__name__} that cannot be shown'
    text = text.encode('utf-8', 'backslashreplace').decode('utf-8')
    return text if len(text) <= limit else f'{text[:limit]}...'


def check_number(
    name: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    above: Optional[float] = None,
) -> float:
    """Check a finite number.

    Args:
        name (str): What it is called in messages.
        value (Any): The value.
        low (float): Least that is allowed. Defaults to no bound.
        high (float): Most that is allowed. Defaults to no bound.
        above (float, optional): A bound that is not allowed itself. Defaults
            to None.

    Returns:
        float: The number.

    Raises:
        ValueError: It is no number, not finite or out of bounds.
    """
    number = _as_float(value)
    fits = math.isfinite(number) and low <= number <= high
    if not fits or (above is not None and number <= above):
        opening = '[' if above is None else '('
        raise ValueError(
            f'{name} must be a number'
            f'{_bounds(low if above is None else above, high, opening)}, '
            f'but got {shown(value)}.'
        )
    return number


def check_whole(
    name: str, value: Any, low: float = 0, high: float = 2**63 - 1
) -> int:
    """Check a whole number.

    Args:
        name (str): What it is called in messages.
        value (Any): The value.
        low (float): Least that is allowed. Defaults to 0.
        high (float): Most that is allowed. Defaults to the largest of 64
            bits.

    Returns:
        int: The number.

    Raises:
        ValueError: It is no whole number or out of bounds.
    """
    whole: Optional[int] = None
    number = _as_float(value)
    if isinstance(value, numbers.Integral) and not math.isnan(number):
        whole = int(value)
    elif math.isfinite(number) and number == math.floor(number):
        whole = int(number)
    if whole is None or not low <= whole <= high:
        most = math.inf if high >= 2**31 else high
        raise ValueError(
            f'{name} must be a whole number{_bounds(low, most)}, '
            f'but got {shown(value)}.'
        )
    return whole


def _as_float(value: Any) -> float:
    """The value as a float; NaN if it is no number."""
    # True is a whole number to Python, but hardly to who wrote it.
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _bounds(low: float, high: float, opening: str = '[') -> str:
    if math.isinf(high):
        if math.isinf(low):
            return ''
        return f' {"above" if opening == "(" else "of at least"} {_plain(low)}'
    return f' in {opening}{_plain(low)}, {_plain(high)}]'


def _plain(bound: float) -> str:
    whole = abs(bound) < 1e15 and bound == int(bound)
    return str(int(bound)) if whole else f'{bound:g}'


def check_flag(name: str, value: Any) -> bool:
    """Check True or False; 0 and 1 pass, texts such as 'no' do not.

    Args:
        name (str): What it is called in messages.
        value (Any): The value.

    Returns:
        bool: The flag.
    """
    # numpy's bool has no public base in common with Python's.
    known = type(value).__name__ in ('bool', 'bool_')
    if not known and _as_float(value) not in (0.0, 1.0):
        raise ValueError(
            f'{name} must be True or False, but got {shown(value)}.'
        )
    return bool(value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Check one of several names.

    Args:
        name (str): What it is called in messages.
        value (Any): The value.
        choices (Collection[str]): All that are allowed.

    Returns:
        str: The name.
    """
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f'{name} must be one of {", ".join(map(repr, choices))}, but got '
            f'{shown(value)}.'
        )
    return value


def check_path(name: str, value: Any) -> str:
    """Check a path or name of a file.

    Args:
        name (str): What it is called in messages.
        value (Any): A text or an object such as ``pathlib.Path``.

    Returns:
        str: The path as a text.
    """
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or not is_possible_path(path):
        raise ValueError(f'{name} must be a path, but got {shown(value)}.')
    return path


def is_possible_path(path: str) -> bool:
    """Whether a file can have this path.

    Args:
        path (str): Any text.

    Returns:
        bool: False for what the system cannot even look for.
    """
    try:
        return b'\0' not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def check_list(name: str, value: Any) -> Tuple[Any, ...]:
    """Check a list of anything.

    Args:
        name (str): What it is called in messages.
        value (Any): A list, a tuple, a range or a one-dimensional array.

    Returns:
        tuple: Its entries.
    """
    try:
        if not isinstance(value, (str, bytes, dict)) and len(value) >= 0:
            return tuple(value)
    except TypeError:
        pass
    raise ValueError(f'{name} must be a list, but got {shown(value)}.')
