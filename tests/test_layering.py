# Copyright (c) elip_mm contributors. All rights reserved.
"""Imports go one way; docs/en/architecture.md has the rooms."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / 'elip_mm'

# What everybody may import, and which imports nothing of ours.
FLOOR = {'registry', 'version', 'utils'}
# Room: the other rooms that it may import. A new one is entered here and in
# the table of the document.
ALLOWED = {
    'structures': set(),
    'ops': {'structures'},
    'visualization': {'structures'},
    'checkpoint': set(),
    'converters': {'checkpoint'},
    'datasets': set(),
    'evaluation': set(),
    'models.layers': {'structures', 'ops'},
    'models.guidance': {'structures'},
    'models.losses': {'structures'},
    'models.momentum': {'structures', 'models.reducers'},
    'models.tokenizers': {'structures'},
    'models.necks': {'structures', 'models.layers'},
    'models.reducers': {'structures', 'ops', 'models.layers'},
    'models.backbones': {'structures', 'ops', 'models.layers'},
    'models.text_encoders': {'structures', 'models.layers'},
    'models.fusion': {'structures', 'models.layers', 'models.text_encoders'},
    'models.heads': {'structures', 'ops', 'models.losses'},
    'models.tasks': {'structures'},
    'models.multimodal': {'structures'},
    'models.pretrainers': {'structures', 'ops', 'models.fusion',
                           'models.momentum', 'models.multimodal',
                           'models.reducers', 'models.tasks',
                           'models.tokenizers'},
    'adapters': {'structures', 'models.backbones', 'models.layers'},
    'apis': {'adapters', 'structures', 'models.multimodal', 'visualization'},
    'analysis': {'structures', 'models.backbones', 'models.layers'},
    'engine': {'adapters', 'analysis', 'apis', 'checkpoint', 'datasets',
               'visualization'},
    'launch': {'checkpoint', 'datasets', 'engine', 'evaluation',
               'models.pretrainers', 'visualization'},
    'study': {'analysis', 'apis', 'datasets', 'visualization'},
}  # fmt: skip
# What ``python -m`` runs: programs of a room, which use the launcher. Nobody
# imports them but the tools.
PROGRAM = '__main__.py'
# The only import that is made on demand, and upwards.
LAZY = {('utils', 'launch.setup_env')}


def room_of(module):
    """The room of a dotted module, without ``elip_mm``."""
    if module == 'models':  # the package brings all of its rooms
        module = 'models.pretrainers'
    parts = module.split('.')
    return '.'.join(parts[: 2 if parts[0] == 'models' else 1])


def imports_of(path):
    """Modules of this library that a file imports, without ``elip_mm``.

    Args:
        path (Path): The file; imports inside functions count too.
    """
    package = ('elip_mm', *path.relative_to(ROOT).parts[:-1])
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            base = '.'.join(base) if node.level else ''
            module = '.'.join(filter(None, (base, node.module)))
            names = [module]
            if module in ('elip_mm', 'elip_mm.models'):
                names = [f'{module}.{alias.name}' for alias in node.names]
        for name in names:
            if name.startswith('elip_mm.'):
                yield name[len('elip_mm.') :]


def files_of(room):
    return sorted((ROOT / room.replace('.', '/')).rglob('*.py'))


@pytest.mark.parametrize('room', ALLOWED)
def test_imports_stay_in_the_table(room):
    for path in files_of(room):
        allowed = ALLOWED[room] | {room} | FLOOR
        if path.name == PROGRAM:
            allowed |= {'launch'}
        for module in imports_of(path):
            assert not module.endswith('.__main__')
            assert room_of(module) in allowed, (
                f'{path.relative_to(ROOT)} imports {module}'
            )


def test_the_table_has_no_circle():
    assert set(TopologicalSorter(ALLOWED).static_order()) == set(ALLOWED)


def test_every_room_is_in_the_table():
    packages = {
        '.'.join(path.relative_to(ROOT).parts[:-1])
        for folder in (ROOT, ROOT / 'models')
        for path in folder.glob('*/__init__.py')
    }
    assert packages - {'models'} <= set(ALLOWED) | FLOOR


@pytest.mark.parametrize('name', sorted(FLOOR))
def test_the_floor_stands_on_nothing(name):
    single = ROOT / f'{name}.py'
    for path in [single] if single.is_file() else files_of(name):
        for module in imports_of(path):
            known = room_of(module) in FLOOR or (name, module) in LAZY
            assert known, f'{path.relative_to(ROOT)} imports {module}'


@pytest.mark.parametrize(
    'room, libraries',
    [
        ('structures', {'torch', 'dataclasses', 'typing', 'elip_mm'}),
        ('ops', {'torch', 'dataclasses', 'typing', 'math', 'elip_mm'}),
    ],
)
def test_values_and_functions_need_torch_alone(room, libraries):
    for path in files_of(room):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                assert name.split('.')[0] in libraries, f'{path.name}: {name}'
