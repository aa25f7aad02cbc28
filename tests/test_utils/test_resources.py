# Copyright (c) elip_mm contributors. All rights reserved.
"""Files beside the package are found, installed or in a checkout."""

import pytest

from elip_mm.utils import resources


def test_a_checkout_has_them_beside_the_package(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert resources.find_resource('tools/train.py').is_file()
    assert resources.find_resource('configs/_base_/reducers').is_dir()


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_an_installed_package_has_them_inside(monkeypatch, tmp_path):
    package = tmp_path / 'elip_mm'
    inside = touch(package / '.mim/tools/train.py')
    monkeypatch.setattr(resources, '_PACKAGE', package)
    assert resources.find_resource('tools/train.py') == inside
    beside = touch(tmp_path / 'tools/test.py')
    assert resources.find_resource('tools/test.py') == beside


def test_the_copy_for_a_wheel_does_not_hide_edits(monkeypatch, tmp_path):
    package = tmp_path / 'elip_mm'
    touch(package / '.mim/tools/train.py')
    beside = touch(tmp_path / 'tools/train.py')
    touch(tmp_path / 'setup.py')
    monkeypatch.setattr(resources, '_PACKAGE', package)
    assert resources.find_resource('tools/train.py') == beside


def test_what_does_not_ship_is_named():
    with pytest.raises(FileNotFoundError, match='tools/brew.py does not'):
        resources.find_resource('tools/brew.py')


def test_packaged_files_have_addresses():
    found = resources.local_path('pkg://elip_mm/models/tokenizers')
    assert found == str(resources._PACKAGE / 'models' / 'tokenizers')
    assert resources.local_path('data/x.pth') == 'data/x.pth'


@pytest.mark.parametrize(
    'name, why',
    [
        ('pkg://no_such_thing/x', 'pip install no-such-thing'),
        ('pkg://elip_mm/x.pth', "has no 'x.pth'"),
        ('pkg://elip_mm/../setup.py', 'does not exist'),
        ('pkg://', 'not installed'),
    ],
)
def test_wrong_addresses_say_what_is_missing(name, why):
    with pytest.raises(FileNotFoundError, match=why):
        resources.local_path(name)
