# Copyright (c) elip_mm contributors. All rights reserved.
"""Outlines of the shapes, and where they come to lie on the canvas."""

import math
from functools import cache
from typing import List, Tuple

import numpy as np

from .scene import SceneObject
from .vocabulary import SHAPES


def _regular(corners: int, turn: float = -90.0) -> np.ndarray:
    angles = np.deg2rad(np.arange(corners) * 360.0 / corners + turn)
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def _star() -> np.ndarray:
    points = _regular(10)
    points[1::2] *= 0.42
    return points


def _heart() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x / 16, -(y + 2.5) / 15], 1)


def _crescent() -> np.ndarray:
    outer = _regular(32, 0.0)
    outer = outer[outer[:, 0] <= 0.45]
    order = np.argsort(np.arctan2(outer[:, 1], -outer[:, 0]))
    outer = outer[order]
    inner = outer[::-1] * [0.55, 0.88] + [0.2, 0.0]
    return np.concatenate([outer, inner])


_CORNERS = {
    'cross': [
        (-0.35, -1),
        (0.35, -1),
        (0.35, -0.35),
        (1, -0.35),
        (1, 0.35),
        (0.35, 0.35),
        (0.35, 1),
        (-0.35, 1),
        (-0.35, 0.35),
        (-1, 0.35),
        (-1, -0.35),
        (-0.35, -0.35),
    ],
    'square': [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    'diamond': [(0, -1), (0.7, 0), (0, 1), (-0.7, 0)],
    'triangle': [(0, -0.95), (1, 0.8), (-1, 0.8)],
    'arrow': [
        (-1, -0.32),
        (0.1, -0.32),
        (0.1, -0.85),
        (1, 0),
        (0.1, 0.85),
        (0.1, 0.32),
        (-1, 0.32),
    ],
    'house': [
        (0, -1),
        (0.95, -0.1),
        (0.65, -0.1),
        (0.65, 0.95),
        (-0.65, 0.95),
        (-0.65, -0.1),
        (-0.95, -0.1),
    ],
}


@cache
def _outlines() -> Tuple[Tuple[np.ndarray, ...], ...]:
    """Closed contours of every shape within the unit circle or so."""
    made = dict(
        circle=(_regular(32),),
        star=(_star(),),
        # The second contour is a hole: polygons fill by the even-odd rule.
        ring=(_regular(32), _regular(32) * 0.52),
        heart=(_heart(),),
        hexagon=(_regular(6, 0.0),),
        crescent=(_crescent(),),
        **{name: (np.array(c),) for name, c in _CORNERS.items()},
    )
    return tuple(made[name] for name in SHAPES)


def outline(obj: SceneObject, image_size: Tuple[int, int]) -> List[np.ndarray]:
    """Place the contours of an object on the canvas.

    Args:
        obj (SceneObject): The object.
        image_size (Tuple[int, int]): Height and width in pixels.

    Returns:
        List[np.ndarray]: Vertices ``(x, y)`` of each contour in pixels, shape
        ``(K, 2)``; the canvas reaches from 0 to the width and height.
    """
    height, width = image_size
    scale = obj.radius * min(height, width)
    angle = math.radians(obj.tilt)
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[c, s], [-s, c]])
    centre = (obj.x * width, obj.y * height)
    return [points @ turn + centre for points in _outlines()[obj.shape]]
