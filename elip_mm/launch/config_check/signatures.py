# Copyright (c) elip_mm contributors. All rights reserved.
"""Which keys a class or function takes, ``**kwargs`` followed to the bases."""

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Callable, Dict, Optional, Set, Tuple

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from torch import nn

__all__ = ['Accepted', 'accepted_arguments', 'keys_taken']

_NAMED = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)
_CHECKPOINTING = ('elip_mm.', 'mmengine.')
_READERS = ('get', 'pop', 'setdefault')


@dataclass
class Accepted:
    """The keys that something takes.

    Args:
        defaults (dict): Default of each key; ``inspect.Parameter.empty`` if
            it has none.
        free (bool): Whether it takes any other key, too.
    """

    defaults: Dict[str, Any] = field(default_factory=dict)
    free: bool = False


@cache
def accepted_arguments(target: Callable) -> Accepted:
    """Find the keys that a config may hand to a class or function.

    Where a constructor hands its ``**kwargs`` on to that of its base, the
    base's keys count as well; where it does anything else with them that
    cannot be read off its source, all keys do.

    Args:
        target (type or Callable): What a config names by ``type``.

    Returns:
        Accepted: Its keys.
    """
    if not inspect.isclass(target):
        return _of_function(target)
    accepted = Accepted()
    for owner in target.__mro__:
        if owner in (object, nn.Module):
            break
        if '__init__' not in vars(owner):
            continue
        passed_on = _add(accepted, vars(owner)['__init__'])
        if accepted.free or not passed_on:
            break
    accepted.defaults.pop('self', None)
    if issubclass(target, CheckpointHook) and accepted.free:
        # It keeps them for later, where a wrong one would fail.
        for name in inspect.signature(Runner.save_checkpoint).parameters:
            accepted.defaults.setdefault(name, inspect.Parameter.empty)
        accepted.free = not target.__module__.startswith(_CHECKPOINTING)
    if '_instance_dict' in vars(target) or hasattr(target, 'get_instance'):
        accepted.defaults.setdefault('name', '')  # of mmengine's managers
    return accepted


@cache
def keys_taken(target: Callable) -> Dict[str, Set[str]]:
    """Find the keys that a constructor reads from its dict arguments.

    Models take settings of their own, such as the weights of a part, out of
    the config of a part before they build it.

    Args:
        target (type or Callable): What a config names by ``type``.

    Returns:
        dict[str, set[str]]: By argument.
    """
    taken: Dict[str, Set[str]] = {}
    tree = _parse(target.__init__) if inspect.isclass(target) else None
    if tree is None:
        return taken
    for node in ast.walk(tree):
        found = _key_read(node)
        if found is not None:
            taken.setdefault(found[0], set()).add(found[1])
    return taken


def _of_function(target: Callable) -> Accepted:
    accepted = Accepted()
    _, accepted.free = _add_parameters(accepted, target)
    return accepted


def _add_parameters(
    accepted: Accepted, function: Callable
) -> Tuple[Optional[str], bool]:
    """Enter parameters; return the name of ``**kwargs`` and if there is one.

    What has no signature, such as a builtin, takes anything.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None, True
    rest = None
    for parameter in parameters:
        if parameter.kind in _NAMED:
            accepted.defaults.setdefault(parameter.name, parameter.default)
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            rest = parameter.name
    return rest, rest is not None


def _add(accepted: Accepted, constructor: Callable) -> bool:
    """Enter a constructor's keys; whether it hands others to its base."""
    rest, has_rest = _add_parameters(accepted, constructor)
    if not has_rest:
        return False
    tree = _parse(constructor) if rest is not None else None
    if tree is None:
        accepted.free = True
        return False
    read, passed_on, other = _uses_of(str(rest), tree)
    for name in read:
        accepted.defaults.setdefault(name, inspect.Parameter.empty)
    # One that does nothing with them swallows any key, on purpose or not.
    accepted.free = other or not passed_on
    return passed_on


def _parse(function: Callable) -> Optional[ast.AST]:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None


def _uses_of(rest: str, tree: ast.AST) -> Tuple[Set[str], bool, bool]:
    """Keys read from ``**rest``, if it goes to the base, and elsewhere."""
    uses = sum(
        isinstance(node, ast.Name) and node.id == rest
        for node in ast.walk(tree)
    )
    read, passed_on, understood = set(), False, 0
    for node in ast.walk(tree):
        found = _key_read(node)
        if found is not None and found[0] == rest:
            read.add(found[1])
            understood += 1
        elif isinstance(node, ast.Call) and _is_constructor(node.func):
            passed = sum(
                word.arg is None and _is_name(word.value, rest)
                for word in node.keywords
            )
            understood += passed
            passed_on = passed_on or passed > 0
    return read, passed_on, understood < uses


def _key_read(node: ast.AST) -> Optional[Tuple[str, str]]:
    """Which key a node looks up in which variable, if it does."""
    key: Optional[ast.AST] = None
    where: Optional[ast.AST] = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in _READERS and node.args:
            where, key = node.func.value, node.args[0]
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            where, key = node.comparators[0], node.left
    elif isinstance(node, ast.Subscript):
        where, key = node.value, node.slice
    value = getattr(key, 'value', None)
    if isinstance(where, ast.Name) and isinstance(value, str):
        return where.id, value
    return None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_constructor(node: ast.AST) -> bool:
    """Whether a called expression is ``super().__init__`` or ``X.__init__``.

    Both are taken for the next class: a base that is named is the next one
    in all libraries that this was tried with.
    """
    return isinstance(node, ast.Attribute) and node.attr == '__init__'
