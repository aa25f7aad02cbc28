# Copyright (c) elip_mm contributors. All rights reserved.
"""Learning rates of ALBEF and BLIP, as pure functions of the iteration.

Both warm up within the first epoch, by the iteration, and fall from the
second epoch on, once an epoch.
"""

import math


def albef_rate(
    iteration: int,
    epoch_length: int,
    base: float,
    num_epochs: int,
    warmup_from: float = 1e-5,
    warmup_steps: int = 10,
    step_length: int = 100,
    lowest: float = 1e-5,
) -> float:
    """Warm up in steps, then follow a cosine once an epoch.

    Args:
        iteration (int): Iterations done before this one.
        epoch_length (int): Iterations of an epoch.
        base (float): Rate after the warm-up.
        num_epochs (int): Epochs of the cosine.
        warmup_from (float): Rate of the first iteration. Defaults to 1e-5.
        warmup_steps (int): Steps from there to ``base``. Defaults to 10.
        step_length (int): Iterations of a step. Defaults to 100.
        lowest (float): Where the cosine would end. Defaults to 1e-5.

    Returns:
        float: The rate of this iteration.

    Source: released code of ALBEF, https://arxiv.org/abs/2107.07651.
    """
    epoch = iteration // epoch_length
    if epoch == 0:
        done = min(iteration // step_length, warmup_steps)
        share = done / warmup_steps if warmup_steps else 1.0
        return warmup_from + share * (base - warmup_from)
    # After the last epoch the rate stays, instead of rising again.
    share = min(epoch / num_epochs, 1.0)
    return lowest + (base - lowest) * (1 + math.cos(math.pi * share)) / 2


def blip_rate(
    iteration: int,
    epoch_length: int,
    base: float,
    decay: float = 0.9,
    warmup_from: float = 1e-6,
    warmup_iters: int = 3000,
    lowest: float = 1e-6,
) -> float:
    """Warm up linearly, then shrink by a factor once an epoch.

    Args:
        iteration (int): Iterations done before this one.
        epoch_length (int): Iterations of an epoch.
        base (float): Rate after the warm-up.
        decay (float): Factor of an epoch. Defaults to 0.9.
        warmup_from (float): Rate of the first iteration. Defaults to 1e-6.
        warmup_iters (int): Iterations from there to ``base``; the warm-up
            ends with the first epoch at the latest. Defaults to 3000.
        lowest (float): The rate never falls below. Defaults to 1e-6.

    Returns:
        float: The rate of this iteration.

    Source: released code of BLIP, https://arxiv.org/abs/2201.12086.
    """
    epoch = iteration // epoch_length
    if epoch == 0 and iteration < warmup_iters:
        share = iteration / warmup_iters
        return warmup_from + share * (base - warmup_from)
    return max(lowest, base * decay**epoch)
