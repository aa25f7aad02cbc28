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


def can_fail(test):
    """Whether a test function checks anything.

    Args:
        test (ast.FunctionDef): The test. It has to hold an ``assert``, or
            call ``pytest.raises``, ``warns`` or ``fail``, or a function whose
            name starts with ``check`` or ``assert``.
    """
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            # The last part of a dotted name; calls of calls have none.
            name = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
            if HELPER.match(name) or name in RAISING:
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
