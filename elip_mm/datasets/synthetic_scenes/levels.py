# Copyright (c) elip_mm contributors. All rights reserved.
"""Named degrees of difficulty.

A published level is frozen: results on it stay comparable only as long as its
scenes and captions do. A test pins them; for something new add a new name.
"""

from dataclasses import dataclass
from typing import Dict, Tuple

from elip_mm.utils.checks import check_choice

from .vocabulary import COLOURS, PATTERNS, SHAPES


@dataclass(frozen=True)
class SceneLevel:
    """How scenes of one level are composed, described and drawn.

    Args:
        name (str): Name of the level; enters the key of every scene.
        num_objects (Tuple[int, int]): Least and largest number of objects.
        num_mentions (Tuple[int, int]): Least and largest number of objects
            that a caption mentions. At least one object always stays
            unmentioned.
        shapes (Tuple[str, ...]): Shapes in use; also the scene classes.
        colours (Tuple[str, ...]): Colours in use.
        patterns (Tuple[str, ...]): Fillings in use.
        radii (Tuple[float, float, float]): Radius of small, medium and large
            objects, in shares of the shorter image side.
        gap (float): Least distance of two centres in sums of their radii;
            below 1 objects may hide parts of each other.
        shared (float): Chance that an object takes its colour or its shape
            from another one, so that only the combination tells them apart.
        tilt (float): Largest rotation, in degrees.
        clutter (Tuple[int, int]): Least and largest number of stray strokes,
            half of which lie over the objects.
        jitter (int): Largest change of a colour channel, in 0-255.
        contrast (int): Largest change of the background, in 0-255.
        noise (int): Number of grey levels of the pixel noise, a power of 2.
        link_rate (float): Chance that a caption relates objects to each
            other; otherwise it lists them.
        size_rate (float): Chance that a mention tells the size.
        pattern_rate (float): Chance that a mention tells the filling.
        place_rate (float): Chance that a mention without a relation tells
            the place.
        drop_rate (float): Chance that a mention leaves out the colour or the
            shape where the other one suffices.
        synonyms (bool): Whether second words are used.
    """

    name: str
    num_objects: Tuple[int, int]
    num_mentions: Tuple[int, int]
    shapes: Tuple[str, ...]
    colours: Tuple[str, ...]
    patterns: Tuple[str, ...]
    radii: Tuple[float, float, float]
    gap: float
    shared: float
    tilt: float
    clutter: Tuple[int, int]
    jitter: int
    contrast: int
    noise: int
    link_rate: float
    size_rate: float
    pattern_rate: float
    place_rate: float
    drop_rate: float
    synonyms: bool


_COLOURS = tuple(COLOURS)

LEVELS: Dict[str, SceneLevel] = {
    level.name: level
    for level in (
        SceneLevel(
            name='plain',
            num_objects=(3, 3),
            num_mentions=(2, 2),
            shapes=SHAPES[:6],
            colours=_COLOURS[:8],
            patterns=PATTERNS[:1],
            radii=(0.15, 0.18, 0.21),
            gap=1.0,
            shared=0.0,
            tilt=4.0,
            clutter=(0, 0),
            jitter=8,
            contrast=10,
            noise=4,
            link_rate=0.0,
            size_rate=0.0,
            pattern_rate=0.0,
            place_rate=0.5,
            drop_rate=0.0,
            synonyms=False,
        ),
        SceneLevel(
            name='easy',
            num_objects=(3, 4),
            num_mentions=(2, 3),
            shapes=SHAPES[:8],
            colours=_COLOURS[:10],
            patterns=PATTERNS[:1],
            radii=(0.12, 0.16, 0.22),
            gap=0.95,
            shared=0.0,
            tilt=8.0,
            clutter=(2, 4),
            jitter=16,
            contrast=20,
            noise=8,
            link_rate=0.4,
            size_rate=0.5,
            pattern_rate=0.0,
            place_rate=1.0,
            drop_rate=0.0,
            synonyms=False,
        ),
        SceneLevel(
            name='medium',
            num_objects=(4, 6),
            num_mentions=(2, 3),
            shapes=SHAPES[:10],
            colours=_COLOURS,
            patterns=PATTERNS[:2],
            radii=(0.085, 0.125, 0.18),
            gap=0.85,
            shared=0.25,
            tilt=15.0,
            clutter=(4, 8),
            jitter=24,
            contrast=32,
            noise=16,
            link_rate=0.6,
            size_rate=0.4,
            pattern_rate=0.6,
            place_rate=0.7,
            drop_rate=0.1,
            synonyms=True,
        ),
        SceneLevel(
            name='hard',
            num_objects=(5, 8),
            num_mentions=(2, 4),
            shapes=SHAPES,
            colours=_COLOURS,
            patterns=PATTERNS,
            radii=(0.07, 0.105, 0.16),
            gap=0.75,
            shared=0.5,
            tilt=20.0,
            clutter=(8, 14),
            jitter=32,
            contrast=48,
            noise=32,
            link_rate=0.7,
            size_rate=0.4,
            pattern_rate=0.6,
            place_rate=0.6,
            drop_rate=0.2,
            synonyms=True,
        ),
    )
}


def get_level(name: str) -> SceneLevel:
    """Look a level up by its name.

    Args:
        name (str): ``'plain'``, ``'easy'``, ``'medium'`` or ``'hard'``.

    Returns:
        SceneLevel: The level.
    """
    return LEVELS[check_choice('SyntheticScenes: level', name, LEVELS)]
