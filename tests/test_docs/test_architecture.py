# Copyright (c) elip_mm contributors. All rights reserved.
"""The page on the architecture names the rooms that there are."""

import re

from ..test_layering import ALLOWED, FLOOR
from . import DOCS, section

PAGE = DOCS / 'concepts/architecture.md'


def test_rooms_of_the_page_are_those_of_the_layering_test():
    text = section(PAGE, '## Rooms')
    rooms = re.findall(r'^\| `([\w.]+)` \|', text, re.M)
    assert len(rooms) == len(set(rooms))
    assert set(rooms) == set(ALLOWED)


def test_the_floor_is_named():
    text = section(PAGE, '## Rooms')
    assert all(f'`{name}`' in text for name in FLOOR)


def test_steps_of_the_page_are_methods_of_the_frame():
    from elip_mm.models.multimodal import LanguageImageModel

    text = section(PAGE, '## Data flow')
    steps = re.findall(r'^\| [^|`]+ \| `(\w+)` \|', text, re.M)
    assert len(steps) == 7
    for step in steps:
        assert callable(getattr(LanguageImageModel, step)), step
