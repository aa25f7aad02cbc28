# Copyright (c) elip_mm contributors. All rights reserved.
"""Build script. Metadata is in ``setup.cfg``; here is what must be computed.

``mim`` looks for configs, tools and the model index inside the installed
package, under ``elip_mm/.mim``. They live beside the package in the
repository, so they are copied when something is built from it, and linked
when the repository itself is what gets installed.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import List

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
MIM_PARTS = ('configs', 'tools', 'model-index.yml')


def read_version() -> str:
    """Version of the package, read without importing it."""
    text = (ROOT / 'elip_mm' / 'version.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE).group(1)


def read_requirements(name: str) -> List[str]:
    """Requirements in ``requirements/<name>.txt`` and the files it names."""
    found = []
    path = ROOT / 'requirements' / f'{name}.txt'
    for line in path.read_text(encoding='utf-8').splitlines():
        line = line.split('#')[0].strip()
        if line.startswith('-r '):
            found += read_requirements(Path(line[3:].strip()).stem)
        elif line:
            found.append(line)
    return found


def lay_out_mim() -> None:
    """Fill ``elip_mm/.mim`` as the command at hand needs it."""
    commands = set(sys.argv[1:])
    # pip calls editable_wheel; develop is what older ones call.
    link = bool(commands & {'develop', 'editable_wheel'})
    if not link and not commands & {'sdist', 'bdist_wheel', 'build'}:
        return
    folder = ROOT / 'elip_mm' / '.mim'
    for part in MIM_PARTS:
        source, target = ROOT / part, folder / part
        if not source.exists():
            continue
        folder.mkdir(exist_ok=True)
        if target.is_symlink() or target.is_file():
            target.unlink()
        elif target.is_dir():
            shutil.rmtree(target)
        if link:
            try:
                target.symlink_to(os.path.relpath(source, folder))
                continue
            except OSError:  # Windows lets only some users do it
                pass
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns('__pycache__')
            )
        else:
            shutil.copy(source, target)


if __name__ == '__main__':
    lay_out_mim()
    setup(
        version=read_version(),
        packages=find_packages(include=['elip_mm', 'elip_mm.*']),
        include_package_data=True,
        install_requires=read_requirements('runtime'),
        extras_require={
            'tests': read_requirements('tests'),
            'docs': read_requirements('docs'),
            'optional': read_requirements('optional'),
            'all': [
                line
                for name in ('tests', 'docs', 'optional')
                for line in read_requirements(name)
            ],
        },
    )
