# Copyright (c) elip_mm contributors. All rights reserved.
import subprocess
import sys

import pytest

from elip_mm.utils.versions import (
    REQUIREMENTS,
    check_versions,
    installed_version,
)

GOOD = {
    'torch': '2.14.1+cpu',
    'numpy': '1.26.4',
    'mmengine': '0.10.7',
    'mmcv-lite': '2.1.0',
    'mmpretrain': '1.2.0',
    'transformers': '4.49.0',
    'setuptools': '81.0.0',
    'pycocotools': '2.0.11',
}


def check(**changes):
    found = {**GOOD, **{k.replace('_', '-'): v for k, v in changes.items()}}
    check_versions(found.get)


def test_installed_libraries_pass():
    check_versions()


def test_lowest_and_highest_accepted():
    check()
    check(torch='2.1.0a0+git12ab', transformers='4.36', numpy='2.4.6')
    check(transformers='4.51.3', mmpretrain='1.2.0rc1', mmengine='0.11')


def test_full_mmcv_does_as_well_as_lite():
    check(mmcv_lite=None, mmcv='2.3.0')


@pytest.mark.parametrize(
    'name, version, command',
    [
        ('torch', '2.0.1', 'pip install "torch>=2.1"'),
        ('numpy', '1.25.2', 'pip install "numpy>=1.26"'),
        ('mmengine', '0.10.6', 'pip install "mmengine>=0.10.7,<1"'),
        ('mmengine', '1.0.0', 'pip install "mmengine>=0.10.7,<1"'),
        ('mmcv-lite', '2.4.0', 'pip install "mmcv-lite>=2.0,<2.4"'),
        ('mmpretrain', '1.1.1', 'pip install "mmpretrain>=1.2,<1.3"'),
        ('transformers', '4.52.0', 'pip install "transformers>=4.36,<4.52"'),
        ('setuptools', '82.0', 'pip install "setuptools<82"'),
    ],
)
def test_wrong_version_says_found_needed_and_command(name, version, command):
    with pytest.raises(ImportError) as error:
        check_versions({**GOOD, name: version}.get)
    assert f'{name} {version} is installed' in str(error.value)
    assert command in str(error.value)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('name', sorted(GOOD))
def test_missing_library(name):
    with pytest.raises(ImportError, match='is not installed') as error:
        check_versions({**GOOD, name: None}.get)
    assert f'pip install "{name}' in str(error.value)


def test_mend_names_the_installed_flavour_of_mmcv():
    with pytest.raises(ImportError, match=r'pip install "mmcv>=2.0,<2.4"'):
        check(mmcv_lite=None, mmcv='1.7.0')


def test_all_complaints_come_at_once():
    with pytest.raises(ImportError) as error:
        check_versions(lambda name: None)
    assert len(str(error.value).splitlines()) == len(REQUIREMENTS)


def test_unknown_distribution_has_no_version():
    assert installed_version('no-such-distribution-elip') is None


def test_import_of_the_package_is_light():
    code = (
        'import sys, elip_mm; '
        'assert not {"torch", "mmengine", "mmpretrain"} & set(sys.modules)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
