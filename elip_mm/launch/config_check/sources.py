# Copyright (c) elip_mm contributors. All rights reserved.
"""The files of a config: where a key was written, which names are read."""

import ast
import os.path as osp
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set

from mmengine.config import Config

from .findings import Path

__all__ = ['Source', 'locate', 'names_read', 'read_sources']


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


def _collect(path: str, found: Dict[str, Source]) -> None:
    if path in found or not path.endswith('.py') or not osp.isfile(path):
        return
    try:
        with open(path, encoding='utf-8') as file:
            tree = ast.parse(file.read())
    except SyntaxError:  # placeholders such as {{ fileDirname }}
        return
    found[path] = Source(path, tree)
    for base in _bases(path, tree):
        _collect(osp.abspath(base), found)


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

    Several files may write the same key in the same place; the one that
    inherits from the others wins, as in the config.

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
        key = path[depth - 1]
        if key.isdigit():
            continue
        for source in sources:
            line = _find(source.tree, key, top=depth == 1)
            if line:
                return f'{osp.relpath(source.path)}:{line}'
    return ''


def _find(tree: ast.Module, key: str, top: bool) -> int:
    """The last line that sets a key; 0 if none does."""
    lines = [0]
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == key:
            lines.append(node.value.lineno)
        elif isinstance(node, ast.Dict):
            lines += [
                k.lineno
                for k in node.keys
                if isinstance(k, ast.Constant) and k.value == key
            ]
        elif key in _targets(node):
            lines.append(node.lineno)
    return max(lines)
