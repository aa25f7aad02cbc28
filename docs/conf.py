# Copyright (c) elip_mm contributors. All rights reserved.
"""Settings of Sphinx: ``make docs`` builds docs/en with them.

The pages of the API reference are not written by hand. Before each build one
page is generated for each package of the library that lists public names in
``__all__``; its text comes from the docstrings.
"""

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import elip_mm  # noqa: E402

API = ROOT / 'docs/en/api/generated'

project = 'elip_mm'
author = 'elip_mm contributors'
copyright = author
version = release = elip_mm.__version__
language = 'en'

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
]
myst_heading_anchors = 3
# Code blocks of a console or of a log are not highlighted in every detail.
suppress_warnings = ['misc.highlighting_failure']
html_theme = 'furo'
html_title = f'elip_mm {version}'
autodoc_typehints = 'none'  # docstrings name the types
autodoc_member_order = 'bysource'


def public_packages() -> Iterator[str]:
    """Names of the packages of the library that have an ``__all__``.

    Packages inside of such a package are left out: it has their names too.
    """
    found = set()
    prefix = f'{elip_mm.__name__}.'
    for info in pkgutil.walk_packages(elip_mm.__path__, prefix):
        if not info.ispkg or info.name.rpartition('.')[0] in found:
            continue
        if hasattr(importlib.import_module(info.name), '__all__'):
            found.add(info.name)
            yield info.name


def write_api_pages(app) -> None:
    """Write one page for each package; Sphinx calls it before a build.

    Args:
        app (Sphinx): The application.
    """
    API.mkdir(exist_ok=True)
    pages = {f'{name}.rst': name for name in public_packages()}
    for path in API.glob('*.rst'):
        if path.name not in pages:
            path.unlink()
    for file, name in pages.items():
        title = name.partition('.')[2]
        text = (
            f'{title}\n{"=" * len(title)}\n\n'
            f'.. automodule:: {name}\n   :members:\n'
        )
        path = API / file
        # An unchanged page keeps its date, so that it is not built again.
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)


def setup(app) -> None:
    """Connect to Sphinx.

    Args:
        app (Sphinx): The application.
    """
    app.connect('builder-inited', write_api_pages)
