# Copyright (c) elip_mm contributors. All rights reserved.
"""Paint a scene with anti-aliased polygons on a textured ground."""

import math
import random
from typing import List, Tuple

import cv2
import numpy as np

from .scene import Scene, SceneObject, between, pick
from .shapes import outline
from .vocabulary import COLOURS, PATTERNS

# Blue, green, red: the order in which mmcv loads images.
_BGR = np.array([rgb[::-1] for rgb in COLOURS.values()], dtype=np.int64)
# Vertices go to OpenCV as integers in units of 1 / 2 ** 4 pixel.
_SHIFT = 4


def draw_scene(
    scene: Scene, image_size: Tuple[int, int]
) -> Tuple[np.ndarray, np.ndarray]:
    """Draw a scene.

    Args:
        scene (Scene): What to draw.
        image_size (Tuple[int, int]): Height and width in pixels.

    Returns:
        Tuple[np.ndarray, np.ndarray]: The image, uint8, blue-green-red, shape
        ``(H, W, 3)``; and the box of each object, float32, shape ``(n, 4)``,
        left, top, right and bottom edge in pixels.
    """
    rng = scene.stream('pixels')
    image = _background(rng, image_size, scene.level.contrast)
    strokes = between(rng, *scene.level.clutter)
    behind = strokes // 2
    _scatter(rng, image, behind)
    boxes = np.empty((len(scene.objects), 4), dtype=np.float32)
    for number, obj in enumerate(scene.objects):
        contours = outline(obj, image_size)
        colour = [
            int(
                min(
                    max(c + scene.level.jitter * (2 * rng.random() - 1), 0),
                    255,
                )
            )
            for c in _BGR[obj.colour]
        ]
        if PATTERNS[obj.pattern] == 'plain':
            _fill(image, contours, colour)
        else:
            _fill_pattern(image, contours, colour, obj)
        boxes[number, :2] = contours[0].min(0)
        boxes[number, 2:] = contours[0].max(0)
    _scatter(rng, image, strokes - behind)
    _add_noise(rng, image, scene.level.noise)
    height, width = image_size
    limits = np.array([width, height, width, height], dtype=np.float32)
    return image, boxes.clip(0, limits)


def _to_fixed(points: np.ndarray) -> np.ndarray:
    # OpenCV's coordinates name the centres of pixels, ours their edges.
    return np.rint((points - 0.5) * (1 << _SHIFT)).astype(np.int32)


def _fill(image: np.ndarray, contours: List[np.ndarray], colour) -> None:
    cv2.fillPoly(
        image,
        [_to_fixed(points) for points in contours],
        colour,
        cv2.LINE_AA,
        _SHIFT,
    )


def _fill_pattern(
    image: np.ndarray, contours: List[np.ndarray], colour, obj: SceneObject
) -> None:
    """Fill with stripes or spots of a darker or lighter shade."""
    height, width = image.shape[:2]
    left, top = np.floor(contours[0].min(0)).astype(int).clip(0)
    right, bottom = np.ceil(contours[0].max(0)).astype(int)
    patch = image[top : min(bottom, height), left : min(right, width)]
    cover = np.zeros(patch.shape[:2], dtype=np.uint8)
    _fill(cover, [points - (left, top) for points in contours], 255)
    step = max(obj.radius * min(height, width) / 2, 3)
    ys, xs = np.ogrid[: patch.shape[0], : patch.shape[1]]
    if PATTERNS[obj.pattern] == 'striped':
        second = np.broadcast_to((xs + ys) % step >= step / 2, cover.shape)
    else:
        second = (
            (xs % step - step / 2) ** 2 + (ys % step - step / 2) ** 2
        ) < (0.3 * step) ** 2
    other = 70 if sum(colour) < 300 else -90
    paint = np.where(
        second[..., None], np.clip(np.add(colour, other), 0, 255), colour
    )
    weight = cover[..., None].astype(np.int32)
    patch[...] = (paint * weight + patch * (255 - weight) + 127) // 255


# Grid of random colours and how it is blown up to the size of the image.
_GROUNDS = (
    ((2, 2), cv2.INTER_LINEAR),  # a gradient
    ((5, 5), cv2.INTER_CUBIC),  # clouds
    ((8, 8), cv2.INTER_NEAREST),  # tiles
    ((1, 12), cv2.INTER_LINEAR),  # upright bands
    ((12, 1), cv2.INTER_NEAREST),  # lying bands
)


def _background(
    rng: random.Random, image_size: Tuple[int, int], contrast: int
) -> np.ndarray:
    (rows, columns), mode = pick(rng, _GROUNDS)
    tone = [110 + 70 * rng.random() for _ in range(3)]
    # Muted, so that the objects' colours are the only strong ones.
    grey = sum(tone) / 3
    tone = [grey + 0.5 * (t - grey) for t in tone]
    count = rows * columns
    shade = np.array([rng.random() for _ in range(count)]) - 0.5
    grid = shade.reshape(rows, columns, 1) * (2 * contrast) + tone
    size = image_size[::-1]
    return cv2.resize(np.rint(grid).astype(np.uint8), size, interpolation=mode)


def _scatter(rng: random.Random, image: np.ndarray, count: int) -> None:
    """Draw stray strokes: thin lines, too slight to pass for an object."""
    height, width = image.shape[:2]
    unit = min(height, width)
    for _ in range(count):
        x, y = rng.random() * width, rng.random() * height
        length = unit * (0.05 + 0.2 * rng.random())
        angle = 2 * math.pi * rng.random()
        shade = [int(60 + 140 * rng.random()) for _ in range(3)]
        ends = np.array(
            [
                [x, y],
                [x + length * math.cos(angle), y + length * math.sin(angle)],
            ]
        )
        ends = _to_fixed(ends)
        cv2.line(
            image,
            ends[0].tolist(),
            ends[1].tolist(),
            shade,
            max(1, round(unit / 64)),
            cv2.LINE_AA,
            _SHIFT,
        )


def _add_noise(rng: random.Random, image: np.ndarray, levels: int) -> None:
    bits = rng.getrandbits(8 * image.size).to_bytes(image.size, 'little')
    noise = np.frombuffer(bits, dtype=np.uint8).reshape(image.shape)
    cv2.add(image, noise & (levels - 1), dst=image)
    # A tuple of four is a colour to OpenCV, which its types do not know.
    cv2.subtract(image, (levels // 2,) * 4, dst=image)  # type: ignore
