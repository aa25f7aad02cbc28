# Copyright (c) elip_mm contributors. All rights reserved.
"""Everything public in the package says what it is for."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / 'elip_mm'
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def undocumented(body, prefix=''):
    """Public classes, functions and methods without a docstring.

    Args:
        body (list[ast.stmt]): Statements of a module or class.
        prefix (str): Name of the class, with a dot. Defaults to ''.

    Yields:
        tuple[int, str]: Line and dotted name.
    """
    for node in body:
        if not isinstance(node, DEFINITIONS) or node.name.startswith('_'):
            continue
        if ast.get_docstring(node) is None:
            yield node.lineno, prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node.body, f'{prefix}{node.name}.')


def test_public_names_have_docstrings():
    missing = [
        f'{path.relative_to(ROOT.parent).as_posix()}:{line}: {name}'
        for path in sorted(ROOT.rglob('*.py'))
        if '.mim' not in path.parts
        for line, name in undocumented(ast.parse(path.read_text()).body)
    ]
    assert not missing, 'no docstring:\n' + '\n'.join(missing)


def test_what_has_none_is_named():
    text = (
        'def told():\n "x"\ndef _own(): ...\ndef bare(): ...\n'
        'class Told:\n "x"\n def method(self): ...\n def _own(self): ...\n'
    )
    found = list(undocumented(ast.parse(text).body))
    assert found == [(4, 'bare'), (7, 'Told.method')]
