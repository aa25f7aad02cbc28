# Copyright (c) elip_mm contributors. All rights reserved.
import time
from statistics import median
from typing import Callable, Dict, List

from mmengine import Config

from .costs import build_model, load_batch


def time_steps(
    recipes: Dict[str, Config], batch_size: int = 64, rounds: int = 9
) -> Dict[str, float]:
    """Time a training step of several recipes, interleaved in one process.

    Forward and backward pass are timed, without data loading and optimiser.
    All recipes take turns in every round, so a machine that speeds up or
    slows down does so for all of them.

    Args:
        recipes (dict[str, Config]): Recipes by name.
        batch_size (int): Pairs of a step. Defaults to 64.
        rounds (int): Rounds after one for warming up. Defaults to 9.

    Returns:
        dict[str, float]: Median seconds of a step.
    """
    steps = {
        name: _make_step(cfg, batch_size) for name, cfg in recipes.items()
    }
    times: Dict[str, List[float]] = {name: [] for name in steps}
    for turn in range(rounds + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def _make_step(cfg: Config, batch_size: int) -> Callable[[], None]:
    model = build_model(cfg)
    batch = load_batch(cfg, model, batch_size)

    def step() -> None:
        model.zero_grad(set_to_none=True)
        losses = model.loss(batch.images, batch.samples)
        sum(loss for key, loss in losses.items() if 'loss' in key).backward()

    return step
