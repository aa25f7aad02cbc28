# Copyright (c) elip_mm contributors. All rights reserved.
"""What the documentation says is there, and works."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs/en'
# Made when the documentation is built.
GENERATED = DOCS / 'api/generated'


def pages():
    """Pages of the documentation that are written by hand."""
    return [
        path
        for path in sorted(DOCS.rglob('*.md'))
        if GENERATED not in path.parents
    ]


def section(path, heading):
    """Text below a heading, up to the next one of the same or a higher level.

    Args:
        path (Path): A page.
        heading (str): The heading, with its marks: ``'## Rooms'``.
    """
    level = len(heading) - len(heading.lstrip('#'))
    lines = path.read_text().splitlines()
    assert heading in lines, f'{path.name} has no heading {heading!r}'
    found, fenced = [], False
    for line in lines[lines.index(heading) + 1 :]:
        fenced ^= line.startswith('```')
        marks = len(line) - len(line.lstrip('#'))
        if not fenced and 0 < marks <= level:
            break
        found.append(line)
    return '\n'.join(found)
