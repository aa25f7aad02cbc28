# Copyright (c) elip_mm contributors. All rights reserved.
"""The fingerprint is of code that a config uses, and of nothing else."""

import shutil
from pathlib import Path

import pytest
from mmengine import Config

from elip_mm.study.code_digest import PackageSource, digest_code

from .conftest import ELIP

PACKAGE = Path(__file__).parents[2] / 'elip_mm'
CFG = Config.fromfile(ELIP)


@pytest.fixture(scope='module')
def copy(tmp_path_factory):
    """A copy of the package, that may be changed for a while."""
    folder = tmp_path_factory.mktemp('copy') / 'elip_mm'
    skip = shutil.ignore_patterns('__pycache__', '.mim', '*.json')
    return Path(shutil.copytree(PACKAGE, folder, ignore=skip))


@pytest.fixture
def change(copy):
    """Digests before and after a change of a file."""
    paths = []

    def make(name, edit):
        path = copy / name
        before = digest_code(CFG, copy)
        paths.append((path, path.read_text()))
        path.write_text(edit(path.read_text()))
        return before, digest_code(CFG, copy)

    yield make
    for path, text in paths:
        path.write_text(text)


def add_comments(text):
    return text.replace('"""', '"""Mended: ', 1).replace(
        '\nclass ', '\n# A comment.\n\n\nclass ', 1
    )


def add_code(text):
    return text + '\n_NEW = 1\n'


USED = [
    'models/reducers/elip.py',  # a type of the config
    'models/heads/contrastive_head.py',
    'ops/token_selection.py',  # imported through its package
    'structures/token_plan.py',  # by what is imported
    'utils/keyed_random.py',
]


@pytest.mark.parametrize('name', USED)
def test_code_counts_and_docstrings_do_not(change, name):
    before, after = change(name, add_comments)
    assert before == after
    before, after = change(name, add_code)
    assert before != after


@pytest.mark.parametrize(
    'name',
    [
        'models/reducers/tome.py',
        'analysis/counters.py',
        'study/report.py',
        'launch/user_errors.py',
        'models/pretrainers/meter.py',
        'ops/__init__.py',
    ],
)
def test_what_is_not_used_does_not_count(change, name):
    before, after = change(name, add_code)
    assert before == after


def test_a_type_that_code_names_counts():
    """ELIP's own default parts belong to it, as do those of a model."""
    source = PackageSource(PACKAGE)
    used = source.used_by(Config(dict(model=dict(type='CLIPPretrainer'))))
    assert 'elip_mm.models.pretrainers.clip' in used
    assert 'elip_mm.models.tasks.retrieval' in used


def test_types_may_be_classes_or_those_of_others():
    from elip_mm.models.reducers import ToMeReducer

    source = PackageSource(PACKAGE)
    by_class, by_name, others = (
        source.used_by(Config(dict(part=[dict(type=kind)])))
        for kind in (ToMeReducer, 'ToMeReducer', 'mmpretrain.ToMeReducer')
    )
    assert 'elip_mm.models.reducers.tome' in by_class
    assert by_class == by_name and others == set()


def test_the_digest_is_that_of_the_package_itself():
    assert digest_code(CFG) == digest_code(CFG, PACKAGE)
    assert digest_code(CFG) != digest_code(Config(dict(a=dict(type='X'))))
