# Copyright (c) elip_mm contributors. All rights reserved.
"""Mistakes of users, shown as one message instead of a long traceback."""

import difflib
import re
import sys
import traceback
from contextlib import contextmanager
from typing import Callable, Dict, Iterator

__all__ = ['short_errors', 'explain']

# What configs and paths that are wrong raise. Others are our own mistakes,
# for which the traceback is the message.
_USER_ERRORS = (
    ValueError,
    KeyError,
    TypeError,
    ImportError,
    OSError,
    AssertionError,
    AttributeError,
)
# Numbers that are not finite say all there is to say at any time.
_ALWAYS = (FloatingPointError,)


@contextmanager
def short_errors(
    full: bool = False, active: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Leave with ``error: <message>`` and exit code 2 on a user's mistake.

    A training that diverged leaves so at any time.

    Args:
        full (bool): Whether to let the traceback through. Defaults to False.
        active (Callable): Asked when an error occurs; whether it is still
            early enough for a mistake of the user. Defaults to always.
    """
    try:
        yield
    except (*_USER_ERRORS, *_ALWAYS) as error:
        if full or not (isinstance(error, _ALWAYS) or active()):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f'error: {explain(error)}\n'
            f'(raised in {frame.filename}:{frame.lineno}; --traceback shows '
            'how it came to that)',
            file=sys.stderr,
        )
        sys.exit(2)


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
    text = text or type(error).__name__
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


def _known_names(registry_name: str) -> Dict[str, str]:
    """Names in our registry of that name and in those it builds on.

    Returns:
        Dict[str, str]: From the bare name to how a config should write it.
    """
    import elip_mm.registry as nodes

    names: Dict[str, str] = {}
    for attribute in nodes.__all__:
        registry = getattr(nodes, attribute)
        if registry.name != registry_name:
            continue
        registry.import_from_location()
        prefix = 'elip_mm.'
        while registry is not None:
            for name in registry.module_dict:
                names.setdefault(name, prefix + name)
            registry, prefix = registry.parent, ''
    return names
