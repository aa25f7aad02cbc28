# Copyright (c) elip_mm contributors. All rights reserved.
"""Read captions back from their text alone, apart from the grammar's code."""

import re
from typing import List, NamedTuple

COLOURS = dict(
    red=0,
    green=1,
    blue=2,
    yellow=3,
    purple=4,
    violet=4,
    orange=5,
    white=6,
    black=7,
    pink=8,
    cyan=9,
    brown=10,
    teal=11,
)
SHAPES = dict(
    circle=0,
    disc=0,
    square=1,
    box=1,
    triangle=2,
    star=3,
    cross=4,
    plus=4,
    ring=5,
    hoop=5,
    diamond=6,
    rhombus=6,
    heart=7,
    hexagon=8,
    crescent=9,
    moon=9,
    arrow=10,
    house=11,
    object=-1,
    thing=-1,
    shape=-1,
)
SIZES = dict(small=0, little=0, large=2, big=2)
PATTERNS = dict(striped=1, stripy=1, spotted=2, dotted=2)
ROWS = dict(top=0, upper=0, bottom=2, lower=2)
COLUMNS = dict(left=0, right=2)

NOUN_PHRASE = re.compile(
    r'\ban? ((?:\w+ )*?(?:{}))\b'.format('|'.join(SHAPES))
)
PLACE = re.compile(
    r' (?:at|in|on|near) the ((?:top|upper|bottom|lower|left'
    r'|right|middle|centre| )+?)(?: corner| side)?$'
)
RELATION = re.compile(
    r'\b(left of|right of|above|higher than|below|under'
    r'|lower than)$'
)
RELATION_NAMES = {
    'left of': 'left',
    'right of': 'right',
    'above': 'above',
    'higher than': 'above',
    'below': 'below',
    'under': 'below',
    'lower than': 'below',
}


class Read(NamedTuple):
    """A mention: number of each word, or -1; and where its phrase stands."""

    words: tuple
    start: int
    end: int


def read_mentions(text: str) -> List[Read]:
    """Find all noun phrases and the places told right after them."""
    found = list(NOUN_PHRASE.finditer(text))
    # "a picture of" has no noun of ours, and matches up to the next one.
    found = [
        re.compile(NOUN_PHRASE.pattern).search(
            text, m.start() + (13 if m.group(1).startswith('picture') else 0)
        )
        for m in found
    ]
    reads = []
    for match, following in zip(found, found[1:] + [None]):
        words = match.group(1).split()
        values = dict(shape=SHAPES[words[-1]], colour=-1, size=-1, pattern=-1)
        for word in words[:-1]:
            for name, table in (
                ('colour', COLOURS),
                ('size', SIZES),
                ('pattern', PATTERNS),
            ):
                if word in table:
                    values[name] = table[word]
                    break
            else:
                raise AssertionError(f'{word!r} in {text!r}')
        end = following.start() if following else len(text)
        between = re.split(r',| and$| and ', text[match.end() : end])[0]
        row = column = -1
        place = PLACE.search(between)
        if place:
            told = place.group(1).split()
            row = next((ROWS[w] for w in told if w in ROWS), -1)
            column = next((COLUMNS[w] for w in told if w in COLUMNS), -1)
            if told in (['middle'], ['centre']):
                row = column = 1
        reads.append(
            Read((*values.values(), row, column), match.start(), match.end())
        )
    return reads


def read_relations(text: str, reads: List[Read]) -> List[tuple]:
    """Find relations between neighbouring phrases: (number, name, number)."""
    relations = []
    opening = RELATION.search(text[: reads[0].start].strip())
    if opening:  # "above a star there is a ring"
        relations.append((1, RELATION_NAMES[opening.group(1)], 0))
    for number in range(len(reads) - 1):
        between = text[reads[number].end : reads[number + 1].start].strip()
        match = RELATION.search(between)
        if match:
            relations.append(
                (number, RELATION_NAMES[match.group(1)], number + 1)
            )
    return relations
