# Copyright (c) elip_mm contributors. All rights reserved.
"""Learning rates of ALBEF and BLIP, as pure functions of the iteration.

Both warm up within the first epoch, by the iteration, and fall from the
second epoch on, once an epoch. Where they start and end is a share of the
group's own base rate, so that layer-wise rates, and rates scaled with the
batch, keep their proportions all the way.
"""

import math


def albef_rate(
    iteration: int,
    epoch_length: int,
    base: float,
    num_epochs: int,
    start_factor: float = 0.1,
    warmup_steps: int = 10,
    step_length: int = 100,
    eta_min_ratio: float = 0.1,
) -> float:
    """Warm up in steps, then follow a cosine once an epoch.

    Args:
        iteration (int): Iterations done before this one.
        epoch_length (int): Iterations of an epoch.
        base (float): Rate after the warm-up.
        num_epochs (int): Epochs of the cosine.
        start_factor (float): Rate of the first iteration, as a share of
            ``base``. Defaults to 0.1.
        warmup_steps (int): Steps from there to ``base``. Defaults to 10.
        step_length (int): Iterations of a step. Defaults to 100.
        eta_min_ratio (float): Where the cosine would end, as a share of
            ``base``. Defaults to 0.1.

    Returns:
        float: The rate of this iteration.

    Source: released code of ALBEF, https://arxiv.org/abs/2107.07651.
    """
    epoch = iteration // epoch_length
    if epoch == 0:
        done = min(iteration // step_length, warmup_steps)
        share = done / warmup_steps if warmup_steps else 1.0
        return base * (start_factor + share * (1 - start_factor))
    # After the last epoch the rate stays, instead of rising again.
    share = min(epoch / num_epochs, 1.0)
    cosine = (1 + math.cos(math.pi * share)) / 2
    return base * (eta_min_ratio + (1 - eta_min_ratio) * cosine)


def blip_rate(
    iteration: int,
    epoch_length: int,
    base: float,
    decay: float = 0.9,
    start_factor: float = 0.01,
    warmup_iters: int = 3000,
    eta_min_ratio: float = 0.01,
) -> float:
    """Warm up linearly, then shrink by a factor once an epoch.

    Args:
        iteration (int): Iterations done before this one.
        epoch_length (int): Iterations of an epoch.
        base (float): Rate after the warm-up.
        decay (float): Factor of an epoch. Defaults to 0.9.
        start_factor (float): Rate of the first iteration, as a share of
            ``base``. Defaults to 0.01.
        warmup_iters (int): Iterations from there to ``base``; the warm-up
            ends with the first epoch at the latest. Defaults to 3000.
        eta_min_ratio (float): The rate never falls below this share of
            ``base``. Defaults to 0.01.

    Returns:
        float: The rate of this iteration.

    Source: released code of BLIP, https://arxiv.org/abs/2201.12086.
    """
    epoch = iteration // epoch_length
    if epoch == 0 and iteration < warmup_iters:
        share = iteration / warmup_iters
        return base * (start_factor + share * (1 - start_factor))
    return base * max(eta_min_ratio, decay**epoch)
