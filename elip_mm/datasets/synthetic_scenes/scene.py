# Copyright (c) elip_mm contributors. All rights reserved.
"""What is in a scene, before anything is drawn.

Only ``random.Random.random`` is drawn from: of all generators at hand it
alone promises the same numbers in every future version, and a scene must not
change when a library does.
"""

import random
from typing import List, NamedTuple, Sequence, Tuple, TypeVar

from elip_mm.utils.keyed_random import stable_key

from .levels import SceneLevel
from .vocabulary import COLOURS, PATTERNS, SHAPES, SIZES

T = TypeVar('T')

_COLOUR_NUMBER = {name: i for i, name in enumerate(COLOURS)}
_SHAPE_NUMBER = {name: i for i, name in enumerate(SHAPES)}
_PATTERN_NUMBER = {name: i for i, name in enumerate(PATTERNS)}
LARGE = SIZES.index('large')


class SceneObject(NamedTuple):
    """One object; attributes are numbers of words in the vocabulary.

    Args:
        shape (int): Number in ``SHAPES``.
        colour (int): Number in ``COLOURS``.
        size (int): Number in ``SIZES``.
        pattern (int): Number in ``PATTERNS``.
        row (int): Third of the canvas, 0 top to 2 bottom.
        column (int): Third of the canvas, 0 left to 2 right.
        x (float): Centre, in shares of the image width.
        y (float): Centre, in shares of the image height.
        radius (float): In shares of the shorter image side.
        tilt (float): Rotation, in degrees.
    """

    shape: int
    colour: int
    size: int
    pattern: int
    row: int
    column: int
    x: float
    y: float
    radius: float
    tilt: float


class Scene(NamedTuple):
    """A scene: its objects, and the key of everything else about it.

    Args:
        level (SceneLevel): Its level.
        key (str): Names level, split, seed, epoch and number.
        objects (Tuple[SceneObject, ...]): The objects in drawing order; the
            first is the only large one, no two agree in colour and shape.
    """

    level: SceneLevel
    key: str
    objects: Tuple[SceneObject, ...]

    @property
    def label(self) -> int:
        """int: Scene class, the shape of the largest object."""
        return self.level.shapes.index(SHAPES[self.objects[0].shape])

    def stream(self, purpose: str) -> random.Random:
        """Open the random stream of one purpose, independent of others."""
        return random.Random(stable_key(self.key, purpose))


def pick(rng: random.Random, options: Sequence[T]) -> T:
    """Draw one of the options."""
    return options[int(rng.random() * len(options))]


def between(rng: random.Random, low: int, high: int) -> int:
    """Draw an integer from ``low`` to ``high``, both included."""
    return low + int(rng.random() * (high - low + 1))


def compose_scene(
    level: SceneLevel, split: str, seed: int, epoch: int, index: int
) -> Scene:
    """Compose the scene of a key.

    Args:
        level (SceneLevel): Level of difficulty.
        split (str): Name of the split; different splits never share a scene.
        seed (int): Seed of the data set.
        epoch (int): Number of the epoch.
        index (int): Number of the scene in its epoch.

    Returns:
        Scene: Always the same for the same arguments.
    """
    key = f'{level.name}/{split}/{seed}/{epoch}/{index}'
    rng = random.Random(stable_key(key, 'scene'))
    objects: List[SceneObject] = []
    kinds = set()
    for number in range(between(rng, *level.num_objects)):
        shape, colour = _draw_kind(rng, level, objects)
        while (shape, colour) in kinds:
            shape, colour = _draw_kind(rng, level, ())
        kinds.add((shape, colour))
        size = between(rng, 0, LARGE - 1) if number else LARGE
        radius = level.radii[size] * (0.92 + 0.16 * rng.random())
        x, y = _find_place(rng, radius, objects, level.gap)
        objects.append(
            SceneObject(
                shape=shape,
                colour=colour,
                size=size,
                pattern=_PATTERN_NUMBER[pick(rng, level.patterns)],
                row=int(3 * y),
                column=int(3 * x),
                x=x,
                y=y,
                radius=radius,
                tilt=level.tilt * (2 * rng.random() - 1),
            )
        )
    return Scene(level, key, tuple(objects))


def _draw_kind(
    rng: random.Random, level: SceneLevel, objects: Sequence[SceneObject]
) -> Tuple[int, int]:
    shape = _SHAPE_NUMBER[pick(rng, level.shapes)]
    colour = _COLOUR_NUMBER[pick(rng, level.colours)]
    if objects and rng.random() < level.shared:
        other = pick(rng, objects)
        if rng.random() < 0.5:
            shape = other.shape
        else:
            colour = other.colour
    return shape, colour


def _find_place(
    rng: random.Random,
    radius: float,
    objects: Sequence[SceneObject],
    gap: float,
    tries: int = 16,
) -> Tuple[float, float]:
    """Find a centre that keeps its distance, or the best one tried."""
    best, best_room = (0.5, 0.5), -1.0
    for _ in range(tries):
        x = radius + (1 - 2 * radius) * rng.random()
        y = radius + (1 - 2 * radius) * rng.random()
        # Squared, and without a square root: exact on every machine.
        room = min(
            (
                ((x - o.x) ** 2 + (y - o.y) ** 2) / (radius + o.radius) ** 2
                for o in objects
            ),
            default=gap**2,
        )
        if room > best_room:
            best, best_room = (x, y), room
        if room >= gap**2:
            break
    return best
