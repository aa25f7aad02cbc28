# Copyright (c) elip_mm contributors. All rights reserved.
"""No config is a near-copy of another.

What a config states is a list of settings: every base that it names, and every
value that it sets, with the keys that lead to it. Two configs are as alike as
twice the number of settings that are in both, divided by the number of
settings in the first plus that in the second: 1 for copies, 0 where nothing is
the same. Layout, brackets and comments do not count, names of bases do: two
recipes that add different reducers to one baseline state three settings each,
of which two are the same, and are alike by 0.67.
"""

import ast
from collections import Counter
from itertools import combinations

from .files import BASES, CONFIGS, RECIPES

LIMIT = 0.8


def leaves(node, keys):
    """Values in an expression, with the keys that lead to them.

    Args:
        node (ast.expr): The expression.
        keys (str): Keys that lead to it, with dots.

    Yields:
        tuple[str, str]: Keys and the code of a value.
    """
    parts = [('', node)]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == 'dict':
        parts = [('', value) for value in node.args]
        parts += [(f'.{key.arg}', key.value) for key in node.keywords]
    elif isinstance(node, ast.Dict):
        names = [ast.literal_eval(key) if key else None for key in node.keys]
        parts = [(f'.{name}', x) for name, x in zip(names, node.values)]
    elif isinstance(node, (ast.List, ast.Tuple)):
        parts = [('', value) for value in node.elts]
    for key, value in parts:
        if value is node:
            yield keys, ast.unparse(node)
        else:
            yield from leaves(value, keys + key)


def settings_of(text):
    """All settings of a config, see the top of this file."""
    found = Counter()
    for statement in ast.parse(text).body:
        assert isinstance(statement, ast.Assign), 'configs only assign'
        found.update(
            leaves(statement.value, ast.unparse(statement.targets[0]))
        )
    return found


def alike(first, second):
    """How alike two configs are by their settings, from 0 to 1."""
    common = sum((first & second).values())
    return 2 * common / (sum(first.values()) + sum(second.values()))


def bases_of(path, settings):
    """All files that a config inherits from, also indirectly."""
    found = set()
    for key, value in settings[path]:
        if key == '_base_':
            base = (path.parent / ast.literal_eval(value)).resolve()
            found |= {base} | bases_of(base, settings)
    return found


def test_no_config_is_a_near_copy():
    paths = [path.resolve() for path in RECIPES + BASES]
    settings = {path: settings_of(path.read_text()) for path in paths}
    bases = {path: bases_of(path, settings) for path in paths}
    for first, second in combinations(paths, 2):
        if first in bases[second] or second in bases[first]:
            continue
        likeness = alike(settings[first], settings[second])
        assert likeness <= LIMIT, (
            f'{first.relative_to(CONFIGS.resolve())} and '
            f'{second.relative_to(CONFIGS.resolve())} are alike by '
            f'{likeness:.2f}; let one inherit from the other, or both from a '
            'third.'
        )


def test_what_counts_as_alike():
    tower = 'arch=dict(embed_dims=64, num_layers=6), patch_size=8'
    first = settings_of(f'_base_ = "./a.py"\nmodel = dict({tower}, size=1)')
    other = settings_of(f'_base_ = "./b.py"\nmodel = dict({tower}, size=1)')
    assert alike(first, first) == 1
    assert alike(first, other) == 0.8
    assert alike(first, settings_of('model = dict(size=2)')) == 0
    # The same values under other keys are something else.
    moved = settings_of('model = dict(neck=dict(patch_size=8, size=1))')
    assert alike(first, moved) == 0
