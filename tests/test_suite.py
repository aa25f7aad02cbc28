# Copyright (c) elip_mm contributors. All rights reserved.
"""The suite watches itself and what lies around the package."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import elip_mm

ROOT = Path(__file__).parents[1]
# Names of what fails by itself: our helpers and those of torch and numpy.
HELPER = re.compile(r'_?(check|assert)(_|$)')
RAISING = {'raises', 'warns', 'fail'}
# What has no single module: what holds for all of a kind, and what lies
# outside of the package.
ACROSS = {
    'contracts',
    'security',
    'test_configs',
    'test_docs',
    'test_parity',
    'test_tools',
}


def last_name(node):
    """Last part of a dotted name; calls of calls have none."""
    return getattr(node, 'attr', getattr(node, 'id', ''))


def can_fail(test):
    """Whether a test function checks anything.

    Args:
        test (ast.FunctionDef): The test. It has to hold an ``assert``, or
            call ``pytest.raises``, ``warns`` or ``fail``, or to call or hand
            on a function whose name starts with ``check`` or ``assert``.
    """
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called, *handed = map(last_name, (node.func, *node.args))
            if called in RAISING or any(map(HELPER.match, [called, *handed])):
                return True
    return False


def always_true(test):
    """Lines of comparisons of something with itself, in asserts of a test.

    What is called may return something else the second time, so only equal
    expressions without a call are found.
    """
    for node in ast.walk(test):
        if not isinstance(node, ast.Assert):
            continue
        for part in ast.walk(node.test):
            if isinstance(part, ast.Compare):
                sides = [part.left, *part.comparators]
                for one, other in zip(sides, sides[1:]):
                    calls = any(isinstance(x, ast.Call) for x in ast.walk(one))
                    if ast.dump(one) == ast.dump(other) and not calls:
                        yield node.lineno


def functions_of(text):
    """Test functions and methods of a file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith('test'):
            yield node


def every_test():
    """Path and function of each test of the suite."""
    for path in sorted((ROOT / 'tests').rglob('test_*.py')):
        for test in functions_of(path.read_text()):
            yield path.relative_to(ROOT).as_posix(), test


def test_every_test_checks_something():
    wrong = [
        f'{path}:{test.lineno}: {test.name}'
        for path, test in every_test()
        if not can_fail(test)
    ]
    assert not wrong, 'nothing is checked in\n' + '\n'.join(wrong)


def test_nothing_is_compared_with_itself():
    wrong = [
        f'{path}:{line}: {test.name}'
        for path, test in every_test()
        for line in always_true(test)
    ]
    assert not wrong, 'always true:\n' + '\n'.join(wrong)


@pytest.mark.parametrize(
    'body, checks',
    [
        ('assert x', True),
        ('with pytest.raises(ValueError): f()', True),
        ('torch.testing.assert_close(x, y)', True),
        ('check_gradients(x)', True),
        ('run_processes(check_gradients)', True),
        ('print(x)', False),
        ('checkpoint(x)', False),
        ('f(x)(y)', False),
    ],
)
def test_a_test_without_a_check_is_found(body, checks):
    (test,) = functions_of(f'def test_it():\n    {body}')
    assert can_fail(test) == checks


@pytest.mark.parametrize(
    'body, found',
    [
        ('assert x[1] == x[1]', [2]),
        ('assert a is b <= b', [2]),
        ('assert x[1] == x[2]', []),
        ('assert f() == f()', []),
        ('f(x == x)', []),
    ],
)
def test_a_comparison_with_itself_is_found(body, found):
    (test,) = functions_of(f'def test_it():\n    {body}')
    assert list(always_true(test)) == found


def test_hooks_have_the_versions_of_the_requirements():
    text = (ROOT / 'requirements/tests.txt').read_text()
    pinned = dict(re.findall(r'^([\w-]+)[^\s=]*==([\w.]+)', text, re.M))
    assert set(pinned) == {'codespell', 'mypy', 'ruff'}
    content = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    hooks = [hook for repo in content['repos'] for hook in repo['hooks']]
    assert {hook['id'] for hook in hooks} >= set(pinned)
    for hook in hooks:
        for need in hook.get('additional_dependencies', []):
            name, version = re.fullmatch(r'([\w-]+)\S*?==(\S+)', need).groups()
            assert pinned[name] == version, f'{hook["id"]} has {need}'
        # Without a version of its own, it runs what `make` has.
        if hook['language'] != 'python':
            assert hook['entry'].startswith('make ')


def modules_of(folder):
    """Names of the modules and packages in a folder."""
    return {path.stem for path in folder.glob('[!_.]*')}


def has_its_module(path):
    """Whether a test file lies where its module does.

    Args:
        path (Path): Relative to ``tests/``. The module of
            ``test_ops/test_budgets_edge.py`` is ``elip_mm/ops/budgets.py``, or
            a package ``elip_mm/ops/budgets``.
    """
    folders = [part.removeprefix('test_') for part in path.parts[:-1]]
    modules = modules_of(Path(elip_mm.__file__).parent.joinpath(*folders))
    words = path.stem.removeprefix('test_').split('_')
    return any(
        '_'.join(words[:count]) in modules
        for count in range(1, len(words) + 1)
    )


def test_tests_lie_where_their_modules_do():
    paths = [
        path.relative_to(ROOT / 'tests')
        for path in sorted((ROOT / 'tests').glob('*/**/test_*.py'))
    ]
    wrong = [
        str(path)
        for path in paths
        if path.parts[0] not in ACROSS and not has_its_module(path)
    ]
    assert not wrong, 'no module of that name:\n' + '\n'.join(wrong)


@pytest.mark.parametrize(
    'path, found',
    [
        ('test_ops/test_token_selection.py', True),
        ('test_ops/test_token_selection_bounds.py', True),
        ('test_models/test_token_selection.py', False),
        ('test_ops/test_token.py', False),
    ],
)
def test_a_test_in_a_wrong_place_is_found(path, found):
    assert has_its_module(Path(path)) == found


@pytest.mark.xdist_group('suite')
def test_groups_of_tests_are_kept_together(request):
    if not getattr(request.config.option, 'loadgroup', False):
        pytest.skip('only with --dist loadgroup')
    # This is how the workers tell the scheduler.
    assert request.node.nodeid.endswith('@suite'), (
        'pytest-xdist does not group tests under this version of pytest; '
        'install what requirements/tests.txt accepts'
    )


def test_the_citation_names_this_version():
    content = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert content['version'] == elip_mm.__version__
    (paper,) = content['references']
    assert paper['url'].split('/')[-1] in (ROOT / 'README.md').read_text()


@pytest.mark.parametrize(
    'path',
    ['.github/ISSUE_TEMPLATE/bug.yml', 'docs/en/get_started/install.md'],
)
def test_the_command_for_bug_reports_works(path, capsys):
    (code,) = re.findall(
        r'python -c "(.*collect_env.*)"', (ROOT / path).read_text()
    )
    exec(code, {})
    assert f"'elip_mm': '{elip_mm.__version__}'" in capsys.readouterr().out
