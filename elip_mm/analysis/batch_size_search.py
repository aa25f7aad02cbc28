# Copyright (c) elip_mm contributors. All rights reserved.
"""The largest batch by trial, on an accelerator."""

from typing import Callable, Optional

import torch
from mmengine.config import Config

from .recipe_step import RecipeStep


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


def find_on_gpu(
    cfg: Config, memory: int, device: str = 'cuda', start: int = 1
) -> int:
    """Find the largest batch by running whole training steps.

    Args:
        cfg (Config): The recipe.
        memory (int): Bytes that the process may use; torch refuses more, as
            if the device were as small.
        device (str): The device. Defaults to 'cuda'.
        start (int): First batch to try. Defaults to 1.

    Returns:
        int: Pairs.
    """
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(
        min(1.0, memory / total), device
    )
    step = RecipeStep(cfg, device)
    optimizer = step.build_optimizer(step.trained)

    def fits(batch_size: int) -> bool:
        try:
            step.run(batch_size)
            optimizer.step()
            return True
        except torch.cuda.OutOfMemoryError:
            return False
        finally:
            optimizer.zero_grad(set_to_none=True)
            torch.cuda.empty_cache()

    # The first step allocates the optimiser's states; only later ones count.
    if not fits(1):
        return 0
    return largest_that_fits(fits, start)
