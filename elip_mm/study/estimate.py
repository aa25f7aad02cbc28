# Copyright (c) elip_mm contributors. All rights reserved.
"""How long runs will take on this machine, from a few measured steps."""

from typing import Sequence

from mmengine.config import Config

from elip_mm.registry import DATASETS

from .costs import time_steps
from .runs import Run

# Loading, optimiser, validation, test and start, as a share of the bare steps
# and in seconds a run; measured with the quickstart.
SHARE, SECONDS = 0.35, 30.0


def count_steps(cfg: Config) -> int:
    """Training steps of a recipe on one process.

    Args:
        cfg (Config): The recipe.

    Returns:
        int: As many as its loop makes.
    """
    if cfg.train_cfg.get('max_iters'):
        return int(cfg.train_cfg.max_iters)
    samples = len(DATASETS.build(cfg.train_dataloader.dataset))
    length = samples // cfg.train_dataloader.batch_size
    return length * int(cfg.train_cfg.max_epochs)


def estimate_time(runs: Sequence[Run], batch_size: int = 64) -> str:
    """Say how long runs will take, one after the other.

    Args:
        runs (Sequence[Run]): Runs that are still to be made.
        batch_size (int): Pairs of the measured step. Defaults to 64.

    Returns:
        str: A line for the terminal.
    """
    recipes = {run.name: run.load_config() for run in runs}
    steps = {name: count_steps(cfg) for name, cfg in recipes.items()}
    times = time_steps(recipes, batch_size, rounds=3)
    seconds = sum(
        (1 + SHARE) * steps[name] * times[name] + SECONDS for name in recipes
    )
    parts = ', '.join(
        f'{name}: {steps[name]} steps of {times[name]:.2f} s'
        for name in recipes
    )
    return f'This will take about {seconds / 60:.0f} minutes here ({parts}).'
