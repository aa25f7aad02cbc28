# Copyright (c) elip_mm contributors. All rights reserved.
"""Mistakes of users, shown as one message instead of a long traceback."""

import difflib
import re
import sys
import traceback
from contextlib import contextmanager
from typing import Callable, Dict, Iterator, Optional

import elip_mm.registry as nodes

from .config_check.names import known_types

__all__ = ['short_errors', 'explain']

# Numbers that are not finite say all there is to say at any time.
_ALWAYS = (FloatingPointError,)


@contextmanager
def short_errors(
    full: bool = False, active: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Leave with ``error: <message>`` and exit code 2 on a user's mistake.

    Before the first step is done a config, data or a file are to blame for
    nearly every exception; for those of our own, ``--traceback`` helps. An
    interrupt ends in one line and exit code 130, as shells have it. A training
    that diverged leaves with its message at any time.

    Args:
        full (bool): Whether to let the traceback through. Defaults to False.
        active (Callable): Asked when an error occurs; whether it is still
            early enough for a mistake of the user. Defaults to always.
    """
    try:
        yield
    except KeyboardInterrupt:
        if full or not active():
            raise
        _leave_interrupted()
    except Exception as error:
        if full or not (isinstance(error, _ALWAYS) or active()):
            raise
        stop = _stop_behind(error)
        if isinstance(stop, KeyboardInterrupt):
            _leave_interrupted()
        if stop is not None:
            raise stop from None
        frame = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f'error: {explain(error)}\n'
            f'(raised in {frame.filename}:{frame.lineno}; --traceback shows '
            'how it came to that)',
            file=sys.stderr,
        )
        sys.exit(2)


def _leave_interrupted() -> None:
    print('interrupted before the first step was done.', file=sys.stderr)
    sys.exit(130)


def _stop_behind(error: Optional[BaseException]) -> Optional[BaseException]:
    """The request to stop that a library has turned into an error.

    mmengine takes whatever happens while it formats a config for bad syntax.
    """
    while error is not None:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return error
        error = error.__cause__ or error.__context__
    return None


def explain(error: BaseException) -> str:
    """Message of an error, with a guess at what was meant.

    Args:
        error (BaseException): The error.

    Returns:
        str: Its message. If a type in a config is unknown to its registry,
        names that are alike are added.
    """
    # The text form of a KeyError is quoted, with its line breaks escaped.
    text = (
        str(error.args[0])
        if isinstance(error, KeyError) and error.args
        else str(error)
    )
    text = _without_traceback(text) or type(error).__name__
    if isinstance(error, KeyError) and ' ' not in text:
        return f'the config has no entry {text!r}'
    unknown = re.search(r'(\S+) is not in the (\S+?)::(.+?) registry', text)
    if not unknown:
        return text
    name, scope, registry = unknown.groups()
    text = f'there is no {registry} of the name {name!r}'
    known = _known_names(registry)
    close = difflib.get_close_matches(name.split('.')[-1], known, n=3)
    if close:
        text += f'; did you mean {" or ".join(known[c] for c in close)}?'
    else:
        text += (
            f' in the scopes from {scope!r} upwards; check its spelling, '
            'and custom_imports if it is a class of your own.'
        )
    return text


def _without_traceback(text: str) -> str:
    """What a process that loads data says, without how it came to that."""
    _, found, rest = text.rpartition('Traceback (most recent call last):\n')
    if not found:
        return text
    lines = rest.splitlines()
    first = next((i for i, line in enumerate(lines) if line[:1] != ' '), 0)
    return '\n'.join(lines[first:])


def _known_names(registry_name: str) -> Dict[str, str]:
    """Names in our registries of that name, and how a config writes them."""
    names: Dict[str, str] = {}
    for node in nodes.__all__:
        if getattr(nodes, node).name == registry_name:
            names.update(known_types(node))
    return names
