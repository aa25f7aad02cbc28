# Copyright (c) elip_mm contributors. All rights reserved.
"""A fingerprint of the code that a config uses, and of nothing else.

Docstrings, comments and layout do not count, nor does any module that the
config has no use for: mending them does not repeat a run. Files are read and
not imported.
"""

import ast
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Set

from mmengine.config import Config

PACKAGE = 'elip_mm'


def digest_code(cfg: Config, root: Optional[Path] = None) -> str:
    """Fingerprint of the code of this library that a config uses.

    Args:
        cfg (Config): A recipe.
        root (Path, optional): Folder of the package. Defaults to None, that
            of this very file.

    Returns:
        str: 64 hexadecimal digits.
    """
    source = PackageSource(root or Path(__file__).resolve().parents[1])
    digest = hashlib.sha256()
    for module in sorted(source.used_by(cfg)):
        digest.update(f'{module}\n{source.code(module)}\n'.encode())
    return digest.hexdigest()


class PackageSource:
    """What the files of a package define, register and import.

    Args:
        root (Path): Folder of the package.
    """

    def __init__(self, root: Path) -> None:
        self._trees: Dict[str, ast.Module] = {}
        self._packages: Set[str] = set()
        self._makers: Dict[str, Set[str]] = {}
        for path in sorted(root.rglob('*.py')):
            parts = path.relative_to(root).with_suffix('').parts
            if any(part.startswith('.') for part in parts):
                continue  # what ships beside the package
            is_package = parts[-1] == '__init__'
            parts = parts[:-1] if is_package else parts
            name = '.'.join((PACKAGE, *parts))
            if is_package:
                self._packages.add(name)
            self._trees[name] = _read(path, path.stat().st_mtime_ns)
            for made in _registered(self._trees[name]):
                self._makers.setdefault(made, set()).add(name)

    def code(self, module: str) -> str:
        """The code of a module without docstrings, comments and layout."""
        return ast.unparse(self._trees[module])

    def used_by(self, cfg: Config) -> Set[str]:
        """Modules that a config uses.

        Args:
            cfg (Config): Its types are looked up, and then all that their
                modules import from this package or name as a type.

        Returns:
            set[str]: Dotted names.
        """
        waiting = [
            module
            for kind in _types_in(cfg.to_dict())
            for module in self._modules_of_type(kind)
        ]
        used: Set[str] = set()
        while waiting:
            module = waiting.pop()
            if module not in used:
                used.add(module)
                waiting.extend(self._needs(module))
        return used

    def _modules_of_type(self, kind: object) -> Set[str]:
        if isinstance(kind, type):
            kind = f'{kind.__module__}.{kind.__name__}'
        scope, _, name = str(kind).rpartition('.')
        if scope.split('.')[0] in ('', PACKAGE):
            return self._makers.get(name, set())
        return set()

    def _needs(self, module: str) -> Iterator[str]:
        for node in ast.walk(self._trees[module]):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._origin(alias.name)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(module, node)
                for alias in node.names:
                    yield from self._origin(base, alias.name)
            elif isinstance(node, ast.Constant):
                # Such as the type of a part that a class makes by itself.
                if isinstance(node.value, str):
                    yield from self._modules_of_type(node.value)

    def _base(self, module: str, node: ast.ImportFrom) -> str:
        """The module that a statement imports from."""
        if not node.level:
            return node.module or ''
        up = node.level - (module in self._packages)
        parts = module.split('.')
        parts = parts[: len(parts) - up]
        return '.'.join([*parts, *filter(None, [node.module])])

    def _origin(self, base: str, name: Optional[str] = None) -> Iterator[str]:
        """Where a name was defined that a package may only pass on."""
        if name is not None and f'{base}.{name}' in self._trees:
            base, name = f'{base}.{name}', None
        if base not in self._trees:
            return
        if base not in self._packages:
            yield base
            return
        # All of a package is imported for its types: these are looked up.
        for node in self._trees[base].body if name else ():
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    yield from self._origin(self._base(base, node), alias.name)
                    return
        if name:
            yield base


@lru_cache(maxsize=1024)
def _read(path: Path, changed: int) -> ast.Module:
    """Parse a file and take its docstrings out."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    for node in ast.walk(tree):
        body = getattr(node, 'body', None)
        if not isinstance(body, list) or not body:
            continue
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(
            first.value, ast.Constant
        ):
            body[:] = body[1:] or [ast.Pass()]
    return tree


def _registered(tree: ast.Module) -> Iterator[str]:
    """Names of what a module registers."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            continue
        for decorator in node.decorator_list:
            text = ast.unparse(decorator)
            if '.register_module' in text:
                yield node.name
                yield from _names_given(decorator)


def _names_given(decorator: ast.expr) -> List[str]:
    """Other names under which a class is registered."""
    return [
        node.value
        for node in ast.walk(decorator)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _types_in(node: object) -> Iterator[object]:
    """All values of ``type`` in a config."""
    if isinstance(node, dict):
        if 'type' in node:
            yield node['type']
        for value in node.values():
            yield from _types_in(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _types_in(value)
