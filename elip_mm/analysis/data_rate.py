# Copyright (c) elip_mm contributors. All rights reserved.
"""Whether training waits for data."""

import time
from dataclasses import dataclass
from itertools import islice

from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from .recipe_step import RecipeStep
from .timing import wait_for_device


@dataclass(frozen=True)
class PipelineRate:
    """What a data pipeline delivers and what training asks of it.

    Args:
        delivered (float): Samples per second that the loader alone gives.
        consumed (float): Samples per second that forward and backward pass
            use, without waiting.
    """

    delivered: float
    consumed: float

    @property
    def ratio(self) -> float:
        """float: Below 1 training waits for data."""
        return self.delivered / self.consumed


def measure_pipeline(
    cfg: Config, batches: int = 30, device: str = 'cpu'
) -> PipelineRate:
    """Measure the training pipeline of a recipe by itself.

    The first batch of either is not counted: it starts the workers, or warms
    up. With workers the two share a machine that they will later use at the
    same time; without, they take turns and the ratio is exact.

    Args:
        cfg (Config): A recipe of this library.
        batches (int): Batches to time. Defaults to 30.
        device (str): Where the step runs. Defaults to 'cpu'.

    Returns:
        PipelineRate: Both rates.
    """
    step = RecipeStep(cfg, device)
    with DefaultScope.overwrite_default_scope(
        cfg.get('default_scope', 'elip_mm')
    ):
        loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    size = loader.batch_size
    if len(loader) <= batches:
        raise ValueError(
            f'the training set has {len(loader)} batches, so --batches must '
            f'be less, but it is {batches}.'
        )
    source = iter(loader)
    next(source)
    begin = time.perf_counter()
    for _ in islice(source, batches):
        pass
    delivered = batches * size / (time.perf_counter() - begin)

    step.run(size)
    begin = time.perf_counter()
    for _ in range(batches):
        step.run(size)
    wait_for_device()
    consumed = batches * size / (time.perf_counter() - begin)
    return PipelineRate(delivered, consumed)
