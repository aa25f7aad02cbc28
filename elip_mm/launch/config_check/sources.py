# Copyright (c) elip_mm contributors. All rights reserved.
"""The files of a config: where a key was written, which names are read."""

import ast
import os.path as osp
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from mmengine.config import Config

from .findings import Path

__all__ = [
    'Source',
    'find_syntax_error',
    'locate',
    'names_read',
    'read_sources',
]

# In a text, which mmengine fills in: '{{_base_.name}}'.
_BASE_NAME = re.compile(r'\{\{\s*_base_\.(\w+)')


@dataclass(frozen=True)
class Source:
    """A file that a config consists of.

    Args:
        path (str): The file.
        tree (ast.Module): What is in it.
    """

    path: str
    tree: ast.Module


def read_sources(path: str) -> List[Source]:
    """Read a config file and those that it inherits from.

    Args:
        path (str): The file.

    Returns:
        list[Source]: The file itself first. Files that are not Python, or
        that cannot be found, are left out.
    """
    found: Dict[str, Source] = {}
    _collect(osp.abspath(path), found)
    return list(found.values())


def find_syntax_error(path: str) -> Optional[SyntaxError]:
    """Find a syntax error in a config file or those that it inherits from.

    Args:
        path (str): The file.

    Returns:
        SyntaxError or None: The error, with the file that it is in.
    """
    return _collect(osp.abspath(path), {})


def _collect(path: str, found: Dict[str, Source]) -> Optional[SyntaxError]:
    """Read files into ``found``; what cannot be parsed ends its branch."""
    if path in found or not path.endswith('.py') or not osp.isfile(path):
        return None
    try:
        with open(path, encoding='utf-8') as file:
            tree = ast.parse(file.read())
    except SyntaxError as error:
        error.filename, error.lineno = osp.relpath(path), error.lineno or 1
        return error
    except (
        UnicodeDecodeError,
        ValueError,
    ) as error:  # ValueError: a null byte
        return SyntaxError(str(error), (osp.relpath(path), 1, 0, ''))
    found[path] = Source(path, tree)
    errors = [
        _collect(osp.abspath(base), found) for base in _bases(path, tree)
    ]
    return next((error for error in errors if error is not None), None)


def _bases(path: str, tree: ast.Module) -> Iterator[str]:
    folder = osp.dirname(path)
    for node in tree.body:
        if isinstance(node, ast.Assign) and _targets(node) == ['_base_']:
            try:
                bases = ast.literal_eval(node.value)
            except ValueError:
                continue
            for base in [bases] if isinstance(bases, str) else bases:
                yield Config._get_cfg_path(base, path)[0]
        elif isinstance(node, ast.With):  # of read_base
            for line in node.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    up = ['..'] * (line.level - 1)
                    parts = line.module.split('.')
                    yield osp.join(folder, *up, *parts) + '.py'


def _targets(node: ast.AST) -> List[str]:
    if isinstance(node, ast.AnnAssign):
        targets: List[ast.expr] = [node.target]
    else:
        targets = getattr(node, 'targets', [])
    return [target.id for target in targets if isinstance(target, ast.Name)]


def names_read(sources: List[Source]) -> Set[str]:
    """Names that some file of a config makes use of.

    Args:
        sources (list[Source]): The files.

    Returns:
        set[str]: Names that are read as they are, or from ``_base_``.
    """
    names = set()
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant):
                # '{{_base_.name}}'
                text = str(node.value)
                if '_base_.' in text:
                    names.add(
                        text.split('_base_.')[1].strip('} ').split('.')[0]
                    )
    return names


def locate(
    path: Path, sources: List[Source], options: Optional[Mapping[str, Any]]
) -> str:
    """Where a key of a config was written.

    A value that a file takes from a variable is found by the end of its path.
    Where several files write a key, the one that inherits from the others
    wins, as in the config.

    Args:
        path (tuple[str]): The key, from the top.
        sources (list[Source]): The files.
        options (dict, optional): Changes on the command line.

    Returns:
        str: File and line, or the command line; empty if it is not known.
    """
    for option in options or {}:
        parts = tuple(option.split('.'))
        if parts[: len(path)] == path or path[: len(parts)] == parts:
            return '--cfg-options'
    for depth in range(len(path), 0, -1):
        best, place = 0, ''
        for source in sources:
            for written, line in _written(source.tree):
                alike = _shared_end(path[:depth], written)
                if alike > best:
                    best = alike
                    place = f'{osp.relpath(source.path)}:{line}'
        if place:
            return place
    return ''


def _shared_end(one: Path, other: Path) -> int:
    """How many keys two paths share, from the last one on."""
    pairs = zip(reversed(one), reversed(other))
    return next(
        (n for n, (a, b) in enumerate(pairs) if a != b),
        min(len(one), len(other)),
    )


def _written(tree: ast.Module) -> Iterator[Tuple[Path, int]]:
    """Every key that a file writes, with its line; the last one first."""
    for node in reversed(tree.body):
        value = getattr(node, 'value', None)
        for name in _targets(node):
            yield (name,), node.lineno
            if isinstance(value, ast.expr):
                yield from _keys_in(value, (name,))


def _keys_in(value: ast.expr, path: Path) -> Iterator[Tuple[Path, int]]:
    children: List[Tuple[str, ast.expr]] = []
    if isinstance(value, ast.Call):  # of dict
        children = [(w.arg, w.value) for w in value.keywords if w.arg]
    elif isinstance(value, ast.Dict):
        children = [
            (str(key.value), child)
            for key, child in zip(value.keys, value.values)
            if isinstance(key, ast.Constant)
        ]
    elif isinstance(value, (ast.List, ast.Tuple)):
        children = [(str(i), child) for i, child in enumerate(value.elts)]
    for key, child in children:
        yield (*path, key), child.lineno
        yield from _keys_in(child, (*path, key))
