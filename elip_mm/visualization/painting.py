# Copyright (c) elip_mm contributors. All rights reserved.
"""Paint what became of the patches onto their image; red-green-blue only."""

import colorsys
from dataclasses import dataclass
from typing import Any, Tuple

import numpy as np
import torch
from torch import Tensor

from elip_mm.structures import TokenState

# Small images are blown up to this many pixels, so that outlines stay fine.
_MIN_SIDE = 256


@dataclass(frozen=True)
class TokenCounts:
    """What became of the patches of one image.

    Args:
        kept (int): Patches with a token of their own.
        merged (int): Patches that share a token with others.
        regions (int): Tokens that these share.
        dropped (int): Patches that no token stands for.
    """

    kept: int
    merged: int
    regions: int
    dropped: int

    @property
    def total(self) -> int:
        """int: Patches of the image."""
        return self.kept + self.merged + self.dropped

    def __str__(self) -> str:
        words = [f'{self.kept} kept']
        if self.merged:
            words.append(f'{self.merged} merged into {self.regions}')
        if self.dropped:
            words.append(f'{self.dropped} dropped')
        return ', '.join(words) if len(words) > 1 else f'all {words[0]}'


def count_tokens(state: TokenState, index: int = 0) -> TokenCounts:
    """Count kept, merged and dropped patches of one image.

    Args:
        state (TokenState): Any state of a pass.
        index (int): Which image of the batch. Defaults to 0.

    Returns:
        TokenCounts: The counts.
    """
    owner = state.owner[index].cpu()
    _, place, sizes = torch.unique(
        owner[owner >= 0], return_inverse=True, return_counts=True
    )
    alone = (sizes[place] == 1).sum().item()
    return TokenCounts(
        kept=alone,
        merged=len(place) - alone,
        regions=(sizes > 1).sum().item(),
        dropped=len(owner) - len(place),
    )


def paint_tokens(
    image: np.ndarray, state: TokenState, index: int = 0
) -> np.ndarray:
    """Show kept patches clear, merged ones toned, dropped ones shaded.

    Patches of one token form a region: they share a tone and are outlined
    together. The largest region fades to white, the others to pale colours.

    Args:
        image (np.ndarray): The image, uint8, red-green-blue, shape
            ``(H, W, 3)``.
        state (TokenState): Any state of a pass.
        index (int): Which image of the batch. Defaults to 0.

    Returns:
        np.ndarray: The picture, uint8, red-green-blue; small images are
        blown up by a whole factor.
    """
    image = enlarge(image)
    owner = _spread(state.owner[index].cpu().numpy(), state.grid, image)
    values, place, counts = np.unique(
        owner, return_inverse=True, return_counts=True
    )
    place = place.reshape(owner.shape)
    patch = image.shape[0] * image.shape[1] / state.num_patches
    tones = np.zeros((len(values), 3))
    strength = np.zeros(len(values))
    number = 0
    # Halfway between one patch and two: pixels need not divide evenly.
    for region in np.argsort(-counts, kind='stable'):
        if values[region] < 0:
            strength[region] = 0.8
        elif counts[region] > 1.5 * patch:
            tones[region] = _tone(number)
            strength[region] = 0.72
            number += 1
    grey = image.mean(axis=2, keepdims=True)
    weight = strength[place][..., None]
    toned = grey * (1 - weight) + tones[place] * weight
    picture = np.where(weight > 0, toned, image)
    merged = (strength[place] > 0) & (owner >= 0)
    _outline(picture, owner, strength[place] > 0)
    _shade(picture, merged)
    _hatch(picture, owner < 0)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def enlarge(image: np.ndarray) -> np.ndarray:
    """Blow up a small image by a whole factor, without smoothing.

    Args:
        image (np.ndarray): uint8, shape ``(H, W, 3)``.

    Returns:
        np.ndarray: The shorter side is at least 256 pixels long.
    """
    factor = -(-_MIN_SIDE // min(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def restore_images(images: Tensor, preprocessor: Any) -> np.ndarray:
    """Turn a batch as models see it back into pictures.

    Args:
        images (Tensor): Normalised images, shape ``(B, 3, H, W)``.
        preprocessor (nn.Module): The data preprocessor that made them, one
            of mmpretrain's. If it does not convert to red-green-blue, images
            are taken to be blue-green-red, as mmcv loads them.

    Returns:
        np.ndarray: uint8, red-green-blue, shape ``(B, H, W, 3)``.
    """
    images = images.detach().float()
    if getattr(preprocessor, '_enable_normalize', False):
        images = images * preprocessor.std + preprocessor.mean
    if not getattr(preprocessor, 'to_rgb', False):
        images = images.flip(1)
    images = images.round().clamp(0, 255).to(torch.uint8)
    return images.permute(0, 2, 3, 1).cpu().numpy()


def _spread(
    owner: np.ndarray, grid: Tuple[int, int], image: np.ndarray
) -> np.ndarray:
    """Give each pixel the owner of its patch, shape ``(H, W)``."""
    rows, columns = (
        np.arange(side) * cells // side
        for side, cells in zip(image.shape, grid)
    )
    return owner.reshape(grid)[rows][:, columns]


def _tone(number: int) -> np.ndarray:
    """Tone of the n-th largest region: white, then pale hues far apart."""
    if number == 0:
        return np.array([250.0, 250.0, 250.0])
    hue = (0.5 + number * 0.618034) % 1
    return 255 * np.array(colorsys.hsv_to_rgb(hue, 0.42, 1.0))


def _outline(
    picture: np.ndarray, owner: np.ndarray, touched: np.ndarray
) -> None:
    """Draw a thin line around each region, on the side of the region."""
    width = max(1, min(owner.shape) // 200)
    for axis in (0, 1):
        for shift in (*range(-width, 0), *range(1, width + 1)):
            other = np.roll(owner, shift, axis)
            edge = (other != owner) & touched
            # The roll wraps around: no line along the frame of the picture.
            frame = slice(0, shift) if shift > 0 else slice(shift, None)
            edge[(frame,) if axis == 0 else (slice(None), frame)] = False
            picture[edge] = 105.0


def _shade(picture: np.ndarray, merged: np.ndarray) -> None:
    """Line merged patches faintly, so that pale objects do not pass for it."""
    rows, columns = np.indices(merged.shape)
    stroke = (rows - columns) % 8 < 1
    picture[stroke & merged] *= 0.86


def _hatch(picture: np.ndarray, dropped: np.ndarray) -> None:
    """Cross dropped patches out with thin diagonal strokes."""
    rows, columns = np.indices(dropped.shape)
    stroke = (rows + columns) % 12 < 1.5
    picture[stroke & dropped] = 90.0
