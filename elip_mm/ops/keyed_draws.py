# Copyright (c) elip_mm contributors. All rights reserved.
"""Random numbers as a pure function of keys, on any device.

Nothing here touches a generator: the numbers of an image depend neither on its
neighbours in the batch nor on numbers that were used before, and a resumed run
gets those that an unbroken run gets.
"""

import torch
from torch import Tensor

# Odd constants of the splitmix64 generator (public domain), as int64.
_GOLDEN = -0x61C8864680B583EB
_MIX = (-0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)
# So many pixels of an image are hashed; all of them would cost memory.
_NUM_HASHED = 4096


def hash_images(images: Tensor) -> Tensor:
    """Derive a key from the pixels of each image.

    An image that was cropped, flipped or coloured differently gets another
    key, the same image always the same one.

    Args:
        images (Tensor): Shape ``(B, ...)``, floating point.

    Returns:
        Tensor: Keys, int64, shape ``(B,)``.
    """
    pixels = images.detach().flatten(1)
    pixels = pixels[:, :: max(1, pixels.shape[1] // _NUM_HASHED)].contiguous()
    kinds = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    bits = pixels.view(kinds[pixels.element_size()]).to(torch.int64)
    place = torch.arange(bits.shape[1], device=bits.device)
    # Sums of integers wrap around and do not depend on their order.
    return _scramble(bits + place * _GOLDEN).sum(dim=1)


def keyed_uniform(keys: Tensor, count: int, salt: int = 0) -> Tensor:
    """Draw numbers that follow from a key.

    Args:
        keys (Tensor): int64, shape ``(B,)``.
        count (int): How many for each key.
        salt (int): Another number gives unrelated results. Defaults to 0.

    Returns:
        Tensor: In the open interval from 0 to 1, float32, shape
        ``(B, count)``.
    """
    salts = torch.full_like(keys, salt)
    keys = _scramble(keys + _scramble(salts + _GOLDEN))
    place = torch.arange(1, count + 1, device=keys.device)
    bits = _scramble(keys[:, None] + place * _GOLDEN)
    # 23 bits and a half: exact in float32, and neither 0 nor 1.
    return ((bits & 0x7FFFFF).to(torch.float32) + 0.5) * 2.0**-23


def _scramble(bits: Tensor) -> Tensor:
    """The output function of splitmix64."""
    bits = (bits ^ _shift(bits, 30)) * _MIX[0]
    bits = (bits ^ _shift(bits, 27)) * _MIX[1]
    return bits ^ _shift(bits, 31)


def _shift(bits: Tensor, by: int) -> Tensor:
    """Shift to the right and fill up with zeros, as unsigned numbers do."""
    return (bits >> by) & ((1 << (64 - by)) - 1)
