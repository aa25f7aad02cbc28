# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Tuple

import numpy as np


def mentioned_patches(
    boxes: np.ndarray,
    mentioned: np.ndarray,
    image_size: Tuple[int, int],
    grid: Tuple[int, int],
) -> np.ndarray:
    """Mark the patches that show something a caption speaks of.

    Boxes count in pixels of the image as it was drawn, so no crop or flip may
    have followed.

    Args:
        boxes (np.ndarray): Left, top, right and bottom edge of each object in
            pixels, shape ``(n, 4)``.
        mentioned (np.ndarray): Whether a caption speaks of the object, bool,
            shape ``(n, )``, or ``(..., n)`` for several captions.
        image_size (Tuple[int, int]): Height and width in pixels.
        grid (Tuple[int, int]): Rows and columns of patches.

    Returns:
        np.ndarray: Whether the patch overlaps the box of a mentioned object,
        bool, shape ``(..., rows * columns)``, row by row.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    mentioned = np.asarray(mentioned, dtype=bool)
    if mentioned.shape[-1] != len(boxes):
        raise ValueError(
            f'mentioned_patches expects one flag per box, but got '
            f'{len(boxes)} boxes and flags of shape {mentioned.shape}.'
        )
    (height, width), (rows, columns) = image_size, grid
    tops = np.arange(rows) * (height / rows)
    lefts = np.arange(columns) * (width / columns)
    in_row = (boxes[:, 1:2] < tops + height / rows) & (boxes[:, 3:4] > tops)
    in_column = (boxes[:, 0:1] < lefts + width / columns) & (
        boxes[:, 2:3] > lefts
    )
    overlap = (in_row[:, :, None] & in_column[:, None, :]).reshape(
        len(boxes), rows * columns
    )
    return np.asarray((mentioned[..., None] & overlap).any(-2))


def patch_owners(
    boxes: np.ndarray, image_size: Tuple[int, int], grid: Tuple[int, int]
) -> np.ndarray:
    """Tell which object each patch shows.

    That is the one whose box covers most of the patch, the upper one of two
    that cover it alike. What covers less than a quarter does not count.

    Args:
        boxes (np.ndarray): Left, top, right and bottom edge of each object in
            pixels, in drawing order, shape ``(n, 4)``.
        image_size (Tuple[int, int]): Height and width in pixels.
        grid (Tuple[int, int]): Rows and columns of patches.

    Returns:
        np.ndarray: Number of the object, -1 for the ground, int64, shape
        ``(rows * columns, )``, row by row.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    (height, width), (rows, columns) = image_size, grid
    if not len(boxes):
        return np.full(rows * columns, -1)
    share = (
        _covered(boxes[:, 1], boxes[:, 3], rows, height)[:, :, None]
        * _covered(boxes[:, 0], boxes[:, 2], columns, width)[:, None, :]
    ).reshape(len(boxes), rows * columns)
    # The first maximum of the reversed order is the last one drawn.
    owner = len(boxes) - 1 - share[::-1].argmax(axis=0)
    return np.where(share.max(axis=0) >= 0.25, owner, -1)


def _covered(
    starts: np.ndarray, ends: np.ndarray, cells: int, length: int
) -> np.ndarray:
    """Share of each cell of a side that spans cover, ``(n, cells)``."""
    size = length / cells
    edges = np.arange(cells) * size
    low = np.maximum(starts[:, None], edges)
    high = np.minimum(ends[:, None], edges + size)
    return np.clip(high - low, 0, None) / size
