# Copyright (c) elip_mm contributors. All rights reserved.
"""The list of acceptance properties and the tests that cite them agree."""

import re

import pytest

from . import DOCS, ROOT

ROW = re.compile(r'^\| `([a-z-]+)` \|.*\| ([^|]*) \|$', re.M)
CITATION = re.compile(r'Acceptance:\s+([a-z-]+(?:,\s+[a-z-]+)*)\.')
NOT_YET = 'not yet'


def listed():
    """Names of the list, each with its column of tests."""
    text = (DOCS / 'concepts/acceptance.md').read_text()
    return dict(ROW.findall(text))


def cited_in(text):
    """Names that a text cites."""
    return {
        name
        for names in CITATION.findall(text)
        for name in re.split(r',\s+', names)
    }


@pytest.fixture(scope='module')
def citing():
    """For each cited name, the test files that cite it."""
    found = {}
    for path in (ROOT / 'tests').rglob('test_*.py'):
        if path.parent.name != 'test_docs':
            file = path.relative_to(ROOT / 'tests').as_posix()
            for name in cited_in(path.read_text()):
                found.setdefault(name, set()).add(file)
    return found


def test_every_cited_name_is_on_the_list(citing):
    assert set(citing) <= set(listed())


@pytest.mark.parametrize('name, tests', sorted(listed().items()))
def test_the_list_names_the_tests_that_cite(citing, name, tests):
    if tests == NOT_YET:
        assert name not in citing, f'{name} is tested now; name its tests'
        return
    row = ', '.join(f'`{file}`' for file in sorted(citing.get(name, [])))
    assert row and tests == row, f'{name}: | {row} |'


def test_names_are_unique():
    text = (DOCS / 'concepts/acceptance.md').read_text()
    names = [name for name, _ in ROW.findall(text)]
    assert len(names) == len(set(names)) > 30


def test_citations_are_read_over_lines():
    assert cited_in('Acceptance: one, two,\n    three-four. More.') == {
        'one',
        'two',
        'three-four',
    }
    assert cited_in('Acceptance check 28.') == set()
