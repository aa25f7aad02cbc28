# Copyright (c) elip_mm contributors. All rights reserved.
"""The largest batch by trial, on an accelerator."""

import torch
from mmengine.config import Config

from .recipe_step import RecipeStep
from .search import largest_that_fits


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
