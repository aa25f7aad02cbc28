# Copyright (c) elip_mm contributors. All rights reserved.
"""Where the time of a training step goes."""

import time
from collections import defaultdict
from typing import Any, Callable, Dict, List, Optional

from mmengine.config import Config

from .recipe_step import RecipeStep

# Methods of pre-trainers, in the order of a step, and what they are for.
METHODS = dict(
    encode_text='text encoder',
    encode_image='image tower',
    encode_momentum='momentum encoder',
    language_targets='language targets',
    fuse='fusion',
)


def measure_parts(
    cfg: Config, batch_size: Optional[int] = None, rounds: int = 9
) -> Dict[str, float]:
    """Tell where the time of a training step goes, on a CPU.

    Args:
        cfg (Config): A recipe of this library.
        batch_size (int, optional): Pairs. Defaults to None, as many as the
            recipe trains with.
        rounds (int): Steps to time, after one that warms up. Defaults to 9.

    Returns:
        dict[str, float]: Seconds per step by part: forward passes of
        encoders, momentum encoder and heads (losses), what is left of the
        forward pass, and the backward pass as a whole. Their sum is the step.
    """
    step = RecipeStep(cfg)
    batch_size = batch_size or cfg.train_dataloader.batch_size
    step.run(batch_size)
    spent: Dict[str, float] = defaultdict(float)
    _watch(step.model, spent)
    for _ in range(rounds):
        begin = time.perf_counter()
        known = sum(spent.values())
        loss = step.loss(batch_size)
        middle = time.perf_counter()
        inside = sum(spent.values()) - known
        loss.backward()
        spent['other forward work'] += middle - begin - inside
        spent['backward pass'] += time.perf_counter() - middle
    return {name: seconds / rounds for name, seconds in spent.items()}


def _watch(model: Any, spent: Dict[str, float]) -> None:
    """Clock the parts of a pre-trainer; nested parts count once."""
    running: List[str] = []

    def clocked(name: str, work: Callable) -> Callable:
        def call(*args, **kwargs):
            if running:
                return work(*args, **kwargs)
            running.append(name)
            begin = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                spent[name] += time.perf_counter() - begin
                running.pop()

        return call

    for method, name in METHODS.items():
        if hasattr(model, method):
            setattr(model, method, clocked(name, getattr(model, method)))
    for name, head in model.heads.items():
        head.loss = clocked(f'head {name}', head.loss)
