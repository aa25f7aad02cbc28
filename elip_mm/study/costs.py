# Copyright (c) elip_mm contributors. All rights reserved.
"""What a training step of a recipe costs, on its own data."""

from dataclasses import dataclass
from statistics import median
from typing import Any, Dict, List, Optional, Tuple

import torch
from mmengine import Config
from mmengine.dataset import default_collate
from torch import Tensor

from elip_mm.analysis import (
    Workload,
    count_flops,
    mentioned_share,
    saved_bytes,
    time_in_turns,
)
from elip_mm.apis import build_model, load_weights, token_states
from elip_mm.datasets import mentioned_patches
from elip_mm.registry import DATASETS


@dataclass(frozen=True)
class Costs:
    """What one training step of a recipe costs, counted exactly.

    Args:
        tokens (tuple[int]): Vision tokens that leave each layer, prefix
            included.
        flops (int): FLOPs of forward and backward pass of a step of the
            whole model, look-ahead included.
        saved_bytes (int): Activations kept for the backward pass.
        mentioned_share (float, optional): Share of caption-mentioned patches
            among those that keep a token of their own. None if the data do
            not tell, or if no patch does.
        batch_size (int): Pairs of the step.
    """

    tokens: Tuple[int, ...]
    flops: int
    saved_bytes: int
    mentioned_share: Optional[float]
    batch_size: int

    @property
    def mean_tokens(self) -> float:
        """float: Tokens per layer."""
        return sum(self.tokens) / len(self.tokens)


@dataclass(frozen=True)
class Batch:
    """A batch of training data with what is known about it.

    Args:
        images (Tensor): Normalised, shape ``(B, 3, H, W)``.
        samples (list): Data samples.
    """

    images: Tensor
    samples: List


def load_batch(cfg: Config, model: Any, size: int) -> Batch:
    """Load the first samples of a recipe's training set.

    Args:
        cfg (Config): The recipe.
        model (nn.Module): Its data preprocessor is used.
        size (int): Number of pairs.

    Returns:
        Batch: The same pairs at every call.
    """
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    data = default_collate([dataset[index] for index in range(size)])
    data = model.data_preprocessor(data, training=True)
    return Batch(data['images'], data['data_samples'])


def make_workload(name: str, model: Any, batch: Batch) -> Workload:
    """The training step of a model on a batch, without the optimiser.

    Args:
        name (str): Name in tables.
        model (nn.Module): The model.
        batch (Batch): Training data.

    Returns:
        Workload: Can be measured like those of made-up data.
    """

    def forward() -> Tensor:
        losses = model.loss(batch.images, batch.samples)
        return sum(value for key, value in losses.items() if 'loss' in key)

    return Workload(name, model, forward, True, len(batch.samples))


def measure_costs(
    cfg: Config, checkpoint: Optional[str] = None, batch_size: int = 64
) -> Costs:
    """Count what a training step of a recipe costs.

    Args:
        cfg (Config): The recipe.
        checkpoint (str, optional): Trained weights; which patches are kept
            depends on them, the costs do not. Defaults to None.
        batch_size (int): Pairs of the step. Defaults to 64.

    Returns:
        Costs: The counts.
    """
    model = build_model(cfg)
    if checkpoint is not None:
        load_weights(model, checkpoint)
    batch = load_batch(cfg, model, batch_size)
    tokens, share = _watch_tokens(model, batch)
    step = make_workload('step', model, batch)
    return Costs(
        tokens=tokens,
        flops=count_flops(step.run),
        saved_bytes=saved_bytes(step.forward, model.parameters()),
        mentioned_share=share,
        batch_size=batch_size,
    )


def time_steps(
    recipes: Dict[str, Config], batch_size: int = 64, rounds: int = 9
) -> Dict[str, float]:
    """Time a training step of several recipes, in turns in one process.

    Forward and backward pass are timed, without data loading and optimiser.

    Args:
        recipes (dict[str, Config]): Recipes by name.
        batch_size (int): Pairs of a step. Defaults to 64.
        rounds (int): Rounds after one for warming up. Defaults to 9.

    Returns:
        dict[str, float]: Median seconds of a step.
    """
    works = []
    for name, cfg in recipes.items():
        model = build_model(cfg)
        batch = load_batch(cfg, model, batch_size)
        works.append(make_workload(name, model, batch).run)
    return dict(zip(recipes, map(median, time_in_turns(works, rounds))))


def _watch_tokens(
    model: Any, batch: Batch
) -> Tuple[Tuple[int, ...], Optional[float]]:
    """Lengths that leave the layers, and what the kept patches show."""
    by_layer = token_states(model, batch.images, batch.samples)
    states = [by_layer[index] for index in sorted(by_layer)]
    mentioned = mentioned_mask(batch, states[-1].grid)
    share = None
    if mentioned is not None:
        share = mentioned_share(states[-1], mentioned)
    return tuple(state.tokens.shape[1] for state in states), share


def mentioned_mask(batch: Batch, grid: Tuple[int, int]) -> Optional[Tensor]:
    """Patches that show what the captions of a batch speak of.

    Args:
        batch (Batch): Training data.
        grid (tuple[int, int]): Rows and columns of patches.

    Returns:
        Tensor or None: Bool, shape ``(B, P)``; None if the data do not know.
    """
    if any('boxes' not in sample for sample in batch.samples):
        return None
    height, width = batch.images.shape[-2:]
    size = (height, width)
    rows = [
        torch.from_numpy(
            mentioned_patches(sample.boxes, sample.mentioned, size, grid)
        )
        for sample in batch.samples
    ]
    return torch.stack(rows)
