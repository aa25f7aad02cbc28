# Copyright (c) elip_mm contributors. All rights reserved.
"""Search for the largest number that still fits."""

from typing import Callable, Optional


def largest_that_fits(
    fits: Callable[[int], bool], start: int = 1, limit: Optional[int] = None
) -> int:
    """Find the largest number that fits: double until it fails, then bisect.

    Args:
        fits (Callable): Whether a number fits; if one does, so do all
            smaller ones.
        start (int): First number to try. Defaults to 1.
        limit (int, optional): Larger ones are not tried. Defaults to None.

    Returns:
        int: The number, 0 if not even 1 fits.
    """
    low, high = 0, max(1, start)
    while limit is None or high <= limit:
        if not fits(high):
            break
        low, high = high, 2 * high
    else:
        high = limit + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
