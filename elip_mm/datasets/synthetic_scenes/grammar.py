# Copyright (c) elip_mm contributors. All rights reserved.
"""Write captions that speak of some objects of a scene."""

import random
from typing import List, NamedTuple, Optional, Sequence, Tuple

from .meaning import Meaning, Mention, is_related
from .scene import LARGE, Scene, between, pick
from .vocabulary import (
    COLOURS,
    COLUMNS,
    PATTERNS,
    PLACES,
    RELATIONS,
    ROWS,
    SHAPES,
    SIZES,
    SYNONYMS,
)

_COLOUR_NAMES = tuple(COLOURS)
_PLAIN = PATTERNS.index('plain')
_MIDDLE = 1

# `r` is any phrase of the relation, `front` the one that may come first.
LINKED = (
    '{a} {r} {b}',
    '{a} is {r} {b}',
    'there is {a} {r} {b}',
    'a picture of {a} {r} {b}',
    '{a} can be seen {r} {b}',
)
FRONTED = ('{front} {b} there is {a}', '{front} {b} we see {a}')
LISTED = (
    '{list}',
    'this picture shows {list}',
    'a picture of {list}',
    'we can see {list}',
)
NOUNS = ('object', 'thing', 'shape')


class Caption(NamedTuple):
    """A caption and what it says.

    Args:
        text (str): The caption, lower case, without a full stop.
        meaning (Meaning): What it claims.
        mentioned (Tuple[int, ...]): Numbers of the scene's objects that it
            speaks of, in the order of ``meaning.mentions``.
    """

    text: str
    meaning: Meaning
    mentioned: Tuple[int, ...]


def write_caption(rng: random.Random, scene: Scene) -> Caption:
    """Write one caption.

    Args:
        rng (random.Random): Source of all choices.
        scene (Scene): The scene to speak of.

    Returns:
        Caption: True of the scene, and silent about at least one object. What
        it says of an object fits no other object of the scene.
    """
    writer = _Writer(rng, scene)
    low, high = scene.level.num_mentions
    count = between(rng, low, min(high, len(scene.objects) - 1))
    left = list(range(len(scene.objects)))
    chosen = [left.pop(int(rng.random() * len(left))) for _ in range(count)]
    link = None
    if count > 1 and rng.random() < scene.level.link_rate:
        link = writer.find_relation(chosen[0], chosen[1])
    if link is None:
        text = pick(rng, LISTED).replace('{list}', writer.list_all(chosen))
    else:
        text = writer.link(link, chosen)
    meaning = Meaning(tuple(writer.mentions), tuple(writer.relations))
    return Caption(text, meaning, tuple(writer.order))


class _Writer:
    """Collects what is said while the words are put together."""

    def __init__(self, rng: random.Random, scene: Scene) -> None:
        self.rng = rng
        self.scene = scene
        self.level = scene.level
        self.mentions: List[Mention] = []
        self.order: List[int] = []
        self.relations: List[Tuple[int, str, int]] = []

    # ---- sentences ------------------------------------------------------

    def link(self, relation: str, chosen: Sequence[int]) -> str:
        """Relate the first two objects, then add the others."""
        rng = self.rng
        a, b = self.name(chosen[0]), self.name(chosen[1])
        self.relate(chosen[0], relation, chosen[1])
        if rng.random() < 0.2:
            text = pick(rng, FRONTED)
            text = text.format(a=a, b=b, front=RELATIONS[relation][0])
            return text + self.add(chosen[2:])
        phrase = pick(rng, RELATIONS[relation])
        text = pick(rng, LINKED).format(a=a, b=b, r=phrase)
        if len(chosen) == 3 and rng.random() < 0.5:
            second = self.find_relation(chosen[1], chosen[2])
            if second is not None:
                c = self.name(chosen[2])
                self.relate(chosen[1], second, chosen[2])
                return f'{text}, which is {pick(rng, RELATIONS[second])} {c}'
        return text + self.add(chosen[2:])

    def add(self, others: Sequence[int]) -> str:
        """Add further objects to a sentence."""
        if not others:
            return ''
        if len(others) == 2 and self.rng.random() < 0.5:
            relation = self.find_relation(*others)
            if relation is not None:
                c, d = self.name(others[0]), self.name(others[1])
                self.relate(others[0], relation, others[1])
                phrase = pick(self.rng, RELATIONS[relation])
                return f', and {c} {phrase} {d}'
        return ', and ' + self.list_all(others)

    def list_all(self, chosen: Sequence[int]) -> str:
        """List objects, some of them with their place."""
        names = [self.name(number, placed=True) for number in chosen]
        if len(names) == 1:
            return names[0]
        return ', '.join(names[:-1]) + ' and ' + names[-1]

    # ---- relations ------------------------------------------------------

    def find_relation(self, first: int, second: int) -> Optional[str]:
        """Draw one of the relations that hold between two objects."""
        objects = self.scene.objects
        found = [
            name
            for name in RELATIONS
            if is_related(objects[first], name, objects[second])
        ]
        return pick(self.rng, found) if found else None

    def relate(self, first: int, name: str, second: int) -> None:
        """Note a relation, turned so that only two kinds remain."""
        i, j = self.order.index(first), self.order.index(second)
        if name in ('right', 'below'):
            i, j, name = j, i, dict(right='left', below='above')[name]
        self.relations.append((i, name, j))

    # ---- phrases --------------------------------------------------------

    def name(self, number: int, placed: bool = False) -> str:
        """Name an object and note what is said of it."""
        rng, level = self.rng, self.level
        obj = self.scene.objects[number]
        said = dict(shape=obj.shape, colour=obj.colour)
        if obj.size in (0, LARGE) and rng.random() < level.size_rate:
            said['size'] = obj.size
        if obj.pattern != _PLAIN and rng.random() < level.pattern_rate:
            said['pattern'] = obj.pattern
        place = ''
        if placed and rng.random() < level.place_rate:
            place = self.place(obj, said)
        self.drop_one(said)
        mention = Mention(**said)
        self.mentions.append(mention)
        self.order.append(number)
        return self.noun_phrase(mention) + place

    def place(self, obj, said: dict) -> str:
        """Tell the place of an object as far as there are words for it."""
        options = []
        if obj.row != _MIDDLE:
            options.append((obj.row, -1))
        if obj.column != _MIDDLE:
            options.append((-1, obj.column))
        if len(options) != 1:  # a corner or the very middle
            options.append((obj.row, obj.column))
        row, column = pick(self.rng, options)
        said.update(row=row, column=column)
        words = (
            ROWS[row] if row >= 0 else '',
            COLUMNS[column] if column >= 0 else '',
        )
        return ' ' + pick(self.rng, PLACES[words])

    def drop_one(self, said: dict) -> None:
        """Leave out colour or shape where the rest still tells it apart."""
        if self.level.drop_rate and self.rng.random() < self.level.drop_rate:
            shorter = dict(said)
            shorter.pop(pick(self.rng, ('shape', 'colour')))
            mention = Mention(**shorter)
            if sum(map(mention.fits, self.scene.objects)) == 1:
                said.clear()
                said.update(shorter)

    def noun_phrase(self, mention: Mention) -> str:
        """Put the attributes of a mention into words."""
        words = []
        if mention.size >= 0:
            words.append(self.word(SIZES[mention.size]))
        if mention.pattern >= 0:
            words.append(self.word(PATTERNS[mention.pattern]))
        if mention.colour >= 0:
            words.append(self.word(_COLOUR_NAMES[mention.colour]))
        if mention.shape >= 0:
            words.append(self.word(SHAPES[mention.shape]))
        else:
            words.append(pick(self.rng, NOUNS))
        article = 'an' if words[0][0] in 'aeiou' else 'a'
        return ' '.join([article] + words)

    def word(self, word: str) -> str:
        """Take a second word for it now and then."""
        if (
            self.level.synonyms
            and word in SYNONYMS
            and self.rng.random() < 0.4
        ):
            return SYNONYMS[word]
        return word


def phrases() -> List[str]:
    """List every text that captions are put together from.

    Returns:
        List[str]: Words and phrases of all levels; the source of the
        tokenizer's vocabulary.
    """
    names = [*COLOURS, *SHAPES, *SIZES, *PATTERNS, *NOUNS, 'a', 'an']
    templates = [*LINKED, *FRONTED, *LISTED, ', which is', ', and']
    blank = dict(a='', b='', r='', front='', list='')
    return [
        *names,
        *SYNONYMS.values(),
        *(text for options in RELATIONS.values() for text in options),
        *(text for options in PLACES.values() for text in options),
        *(text.format(**blank) for text in templates),
    ]
