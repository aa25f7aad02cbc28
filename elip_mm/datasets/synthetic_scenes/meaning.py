# Copyright (c) elip_mm contributors. All rights reserved.
"""What a caption claims, and for which scenes the claim is true.

A meaning claims that some objects exist, each with some attributes, and that
some of them stand in a relation. It is true of a scene if *different* objects
of the scene can take all of these parts at once.
"""

from functools import lru_cache
from itertools import product
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from .scene import Scene, SceneObject

# How far, in shares of the canvas, centres must lie apart before one object
# counts as left of or above another. Captions are written and judged by it.
MARGIN = 0.12


class Mention(NamedTuple):
    """What a caption says of one object: numbers of words, -1 for nothing.

    The fields are the leading ones of :class:`SceneObject`.
    """

    shape: int = -1
    colour: int = -1
    size: int = -1
    pattern: int = -1
    row: int = -1
    column: int = -1

    def fits(self, obj: SceneObject) -> bool:
        """Whether the object is as described."""
        return all(
            said < 0 or said == is_
            for said, is_ in zip(self, obj[: len(self)])
        )


class Meaning(NamedTuple):
    """What a caption says.

    Args:
        mentions (Tuple[Mention, ...]): What is said of each object.
        relations (Tuple[Tuple[int, str, int], ...]): Number of a mention,
            ``'left'`` or ``'above'``, and number of the mention that it is
            left of or above.
    """

    mentions: Tuple[Mention, ...]
    relations: Tuple[Tuple[int, str, int], ...] = ()

    def canonical(self) -> 'Meaning':
        """The same meaning in a fixed order, so that equals compare equal."""
        order = sorted(
            range(len(self.mentions)), key=self.mentions.__getitem__
        )
        place = {old: new for new, old in enumerate(order)}
        return Meaning(
            tuple(self.mentions[i] for i in order),
            tuple(
                sorted(
                    (place[i], name, place[j]) for i, name, j in self.relations
                )
            ),
        )

    def holds(self, scene: Scene) -> bool:
        """Whether the meaning is true of the scene."""
        fitting = [
            [obj for obj in scene.objects if mention.fits(obj)]
            for mention in self.mentions
        ]
        for cast in product(*fitting):
            if len(set(cast)) == len(cast) and all(
                is_related(cast[i], name, cast[j])
                for i, name, j in self.relations
            ):
                return True
        return False


def is_related(first: SceneObject, name: str, second: SceneObject) -> bool:
    """Whether the first object stands in a relation to the second.

    Args:
        first (SceneObject): One object.
        name (str): ``'left'``, ``'right'``, ``'above'`` or ``'below'``.
        second (SceneObject): The other object.

    Returns:
        bool: True if the centres are far enough apart in that direction.
    """
    if name == 'left':
        return second.x - first.x >= MARGIN
    if name == 'right':
        return first.x - second.x >= MARGIN
    if name == 'above':
        return second.y - first.y >= MARGIN
    return first.y - second.y >= MARGIN


class SceneIndex:
    """Find the scenes that a meaning is true of, out of thousands.

    Args:
        scenes (Sequence[Scene]): The scenes to search.
    """

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self.scenes = scenes
        width = max(len(scene.objects) for scene in scenes)
        fields = len(Mention._fields)
        table = np.full((fields, len(scenes), width), -2, dtype=np.int8)
        for number, scene in enumerate(scenes):
            for place, obj in enumerate(scene.objects):
                table[:, number, place] = obj[:fields]
        self._table = table
        # Which objects have which word: a few dozen tables, made when needed.
        self._having = lru_cache(maxsize=None)(self._compare)
        self._candidates: Dict[Mention, np.ndarray] = {}

    def _compare(self, field: int, word: int) -> np.ndarray:
        return self._table[field] == word

    def _with_mention(self, mention: Mention) -> np.ndarray:
        """Mark the scenes that have an object as described."""
        if mention not in self._candidates:
            fits = np.ones(self._table.shape[1:], dtype=bool)
            for field, word in enumerate(mention):
                if word >= 0:
                    fits &= self._having(field, word)
            self._candidates[mention] = np.asarray(fits.any(1))
        return self._candidates[mention]

    def where_true(self, meaning: Meaning) -> List[int]:
        """Find the scenes that a meaning is true of.

        Args:
            meaning (Meaning): The meaning.

        Returns:
            List[int]: Ascending numbers of scenes.
        """
        possible = self._with_mention(meaning.mentions[0])
        for mention in meaning.mentions[1:]:
            possible = possible & self._with_mention(mention)
        # Attributes leave a handful of scenes, so these may be judged singly.
        return [
            number
            for number in np.flatnonzero(possible).tolist()
            if meaning.holds(self.scenes[number])
        ]
