# Copyright (c) elip_mm contributors. All rights reserved.
"""Imports go one way, and nothing grows too large.

docs/en/concepts/architecture.md has the rooms.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import quantiles

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
    'models.backbones': {'structures', 'ops', 'models.layers',
                         'models.reducers'},
    'models.text_encoders': {'checkpoint', 'structures', 'models.layers'},
    'models.fusion': {'structures', 'models.layers', 'models.text_encoders'},
    'models.heads': {'structures', 'ops', 'models.losses'},
    'models.tasks': {'structures'},
    'models.multimodal': {'checkpoint', 'structures', 'models.layers',
                          'models.reducers'},
    'models.pretrainers': {'checkpoint', 'structures', 'ops', 'models.fusion',
                           'models.heads', 'models.momentum',
                           'models.multimodal', 'models.text_encoders',
                           'models.reducers', 'models.tasks',
                           'models.tokenizers'},
    'adapters': {'structures', 'models.backbones', 'models.layers'},
    'apis': {'adapters', 'checkpoint', 'structures', 'models.multimodal',
             'models.text_encoders', 'visualization'},
    'analysis': {'apis', 'structures', 'ops', 'models.backbones'},
    'engine': {'adapters', 'analysis', 'apis', 'checkpoint', 'datasets',
               'visualization'},
    'launch': {'analysis', 'checkpoint', 'converters', 'datasets', 'engine',
               'evaluation', 'models.pretrainers', 'study', 'visualization'},
    'study': {'analysis', 'apis', 'checkpoint', 'datasets', 'visualization'},
}  # fmt: skip
# The only import that is made on demand, and upwards.
LAZY = {('utils', 'launch.setup_env')}
# Hard limits, to be seen before something becomes hard to read; most files and
# functions stay far below: CONTRIBUTING.md says where to aim.
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_INIT_ARGS = 400, 60, 12


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
        for module in imports_of(path):
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


def sizes_of(name, text):
    """What counts for the limits: of each part, its name, kind and size.

    Args:
        name (str): Path of the file, for messages.
        text (str): The source code.
    """
    yield name, 'file', len(text.splitlines())
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            where = f'{name}:{node.lineno}: {node.name}'
            yield where, 'function', node.end_lineno - node.lineno + 1
            if node.name == '__init__':
                args = node.args
                own = [*args.posonlyargs, *args.args, *args.kwonlyargs]
                yield where, '__init__', len(own) - 1  # without self


def too_large(sizes):
    """A line for each part that is over its limit."""
    limits = dict(
        file=(MAX_FILE_LINES, 'lines'),
        function=(MAX_FUNCTION_LINES, 'lines'),
        __init__=(MAX_INIT_ARGS, 'arguments'),
    )
    return [
        f'{name} has {size} {limits[kind][1]}, more than {limits[kind][0]}'
        for name, kind, size in sizes
        if size > limits[kind][0]
    ]


def test_nothing_is_too_large(record_property):
    sizes = [
        part
        for path in sorted(ROOT.rglob('*.py'))
        if '.mim' not in path.parts
        for part in sizes_of(
            path.relative_to(ROOT.parent).as_posix(), path.read_text()
        )
    ]
    # Not limited, but on record: `pytest --junit-xml` writes it down.
    for kind in ('file', 'function', '__init__'):
        every = [size for _, one, size in sizes if one == kind]
        share = quantiles(every, n=10)[-1]
        record_property(f'90 % of sizes, {kind}', share)
    wrong = too_large(sizes)
    assert not wrong, '\n'.join(wrong)


def test_what_is_too_large_is_named():
    body = '    pass\n' * MAX_FUNCTION_LINES
    args = ', '.join(f'a{i}' for i in range(MAX_INIT_ARGS + 1))
    text = f'def long():\n{body}class A:\n def __init__(self, {args}): ...\n'
    text += '\n' * (MAX_FILE_LINES + 1 - len(text.splitlines()))
    assert too_large(sizes_of('x.py', text)) == [
        'x.py has 401 lines, more than 400',
        'x.py:1: long has 61 lines, more than 60',
        'x.py:63: __init__ has 13 arguments, more than 12',
    ]
