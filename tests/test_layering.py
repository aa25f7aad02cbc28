# Copyright (c) elip_mm contributors. All rights reserved.
"""Imports go one way; docs/en/architecture.md has the rooms."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / 'elip_mm'

# Room: what it may import of this library, besides itself and the registry.
ALLOWED = {
    'structures': set(),
    'ops': {'structures'},
    'utils': {'engine', 'datasets', 'evaluation', 'models', 'visualization',
              'version'},
    'converters': set(),
    'models.layers': {'structures', 'ops'},
    'models.reducers': {'structures', 'ops', 'models.layers'},
    'models.guidance': {'structures'},
    'models.losses': {'structures'},
    'models.necks': {'structures', 'models.layers'},
    'models.tokenizers': {'structures'},
    'models.text_encoders': {'structures', 'models.layers'},
    'models.backbones': {'structures', 'ops', 'models.layers'},
    'models.heads': {'structures', 'ops', 'models.losses'},
    'datasets': set(),
    'visualization': {'structures'},
    'evaluation': {'structures', 'models', 'ops'},
    'apis': {'structures', 'models', 'datasets', 'evaluation', 'ops'},
    'engine': {'apis', 'datasets', 'evaluation', 'models', 'utils',
               'visualization'},
    'benchmark': {'evaluation', 'models', 'ops', 'structures', 'utils'},
    'comparison': {'apis', 'datasets', 'evaluation', 'models', 'utils',
                   'visualization'},
}  # fmt: skip


def room_of(module):
    """The longest room that a dotted module lies in."""
    rooms = [
        room
        for room in [*ALLOWED, 'models', 'registry', 'version']
        if module == room or module.startswith(f'{room}.')
    ]
    return max(rooms, key=len, default=module)


def imports_of(path):
    """Modules of this library that a file imports, without ``elip_mm``."""
    package = ('elip_mm', *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            base = '.'.join(base) if node.level else ''
            module = '.'.join(filter(None, (base, node.module)))
            names = [module]
            if module in ('elip_mm', 'elip_mm.models'):
                names = [f'{module}.{alias.name}' for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith('elip_mm.'):
                yield name[len('elip_mm.') :]


def files_of(room):
    folder = ROOT / room.replace('.', '/')
    return sorted(folder.rglob('*.py'))


@pytest.mark.parametrize('room', ALLOWED)
def test_imports_go_one_way(room):
    allowed = ALLOWED[room] | {room, 'registry', 'version'}
    parts = [part for part in allowed if part == 'models']
    for path in files_of(room):
        for module in imports_of(path):
            target = room_of(module)
            inside = target in allowed or (
                parts and target.startswith('models')
            )
            assert inside, f'{path.relative_to(ROOT)} imports {module}'


def test_every_room_is_watched():
    watched = {room.split('.')[0] for room in ALLOWED}
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and (path / '__init__.py').exists()
    }
    assert folders <= watched | {'models'}


def test_values_need_torch_alone():
    for path in files_of('structures'):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level:
                top = node.module.split('.')[0]
                assert top in (
                    'torch',
                    'dataclasses',
                    'typing',
                    'contextlib',
                ), f'{path.name}: {node.module}'
