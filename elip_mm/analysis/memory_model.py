# Copyright (c) elip_mm contributors. All rights reserved.
"""Memory of a training step as a function of its batch."""

from dataclasses import dataclass
from typing import Sequence, Tuple

import torch
from mmengine.config import Config

from elip_mm.structures import PairEmbeddings

from .counters import saved_bytes
from .peak_memory import peak_bytes
from .recipe_step import RecipeStep
from .search import largest_that_fits

Coefficients = Tuple[float, ...]

# Large, so that their second difference is all squares of the batch.
_HEAD_BATCHES = (128, 256, 384)


@dataclass(frozen=True)
class MemoryModel:
    """Bytes of a training step; coefficients rise from the constant one.

    What the towers need is affine in the batch, exactly, as every sample adds
    the same tensors. A contrast adds a square: the logits. It is taken by
    itself, at batches at which it can be seen; where heads need more than
    embeddings (ALBEF, BLIP, METER) their logits over a queue are affine, and
    the square is left out: some bytes times the square of a batch of tens.

    Args:
        fixed (int): Parameters, buffers, gradients, optimiser states.
        towers (tuple[float, float]): Highest demand of encoding and its
            backward pass.
        kept (tuple[float, float]): What lies between the two, the activations
            that autograd keeps of a forward pass.
        head (tuple[float, float, float]): Demand of comparing all pairs.
    """

    fixed: int
    towers: Coefficients
    kept: Coefficients
    head: Coefficients

    def bytes_at(self, batch_size: int) -> int:
        """Bytes at the highest moment of a step.

        Args:
            batch_size (int): Pairs on one device.

        Returns:
            int: Bytes, what an optimiser has allocated included.
        """
        compared = _at(self.kept, batch_size) + _at(self.head, batch_size)
        return round(self.fixed + max(_at(self.towers, batch_size), compared))

    def largest_batch(self, memory: int) -> int:
        """Largest batch that needs at most so much memory.

        Args:
            memory (int): Bytes.

        Returns:
            int: Pairs on one device.
        """
        if self.bytes_at(1) > memory:
            raise ValueError(
                f'a batch of 1 needs {self.bytes_at(1):,} bytes, but only '
                f'{memory:,} may be used; give more --memory, or a smaller '
                'model.'
            )
        return largest_that_fits(lambda size: self.bytes_at(size) <= memory)


def predict_memory(
    cfg: Config,
    batches: Sequence[int] = (2, 4),
    world_size: int = 1,
) -> MemoryModel:
    """Predict the memory of a recipe from two small batches.

    Args:
        cfg (Config): The recipe; neither its data nor its vocabulary files
            are needed.
        batches (Sequence[int]): Two batch sizes. Defaults to (2, 4).
        world_size (int): Processes; a contrast compares local rows with the
            columns of all of them. Defaults to 1.

    Returns:
        MemoryModel: For one process.
    """
    chunk = cfg.model.get('chunk_size')
    step = RecipeStep(cfg, chunk_size=None if chunk is None else 0)
    fixed = count_fixed(step)
    # Gradients are counted as fixed, so they are there from the start.
    for parameter in step.trained:
        parameter.grad = torch.zeros_like(parameter)
    step.run(1)  # buffers that are made on first use
    towers = _fit(batches, [_peak(step, size) for size in batches])
    kept = _fit(batches, [_saved(step, size) for size in batches])
    head = measure_heads(step, world_size)
    if chunk is not None:
        step.model.chunk_size = 1
        sizes = [2 * size for size in batches]  # at least two chunks
        _, a_pair = _fit(sizes, [_peak(step, size) for size in sizes])
        # Every chunk remembers the state of the generator, here each pair.
        state = torch.get_rng_state().numel()
        a_pair += state / chunk - state
        a_chunk = _at(towers, chunk)
        towers = (a_chunk - a_pair * chunk, a_pair)
        kept = (0.0, a_pair)
    return MemoryModel(fixed, towers, kept, head)


def count_fixed(step: RecipeStep) -> int:
    """Bytes that do not depend on the batch.

    Args:
        step (RecipeStep): The step.

    Returns:
        int: Parameters and buffers, a gradient for what is trained, and what
        the optimiser remembers of it.
    """
    stored = {t.untyped_storage()._cdata: t for t in step.stored}
    size = sum(t.untyped_storage().nbytes() for t in stored.values())
    trained = sum(p.numel() * p.element_size() for p in step.trained)
    count = sum(p.numel() for p in step.trained)
    return size + trained + round(count * states_per_number(step))


def states_per_number(step: RecipeStep) -> float:
    """Bytes that the optimiser remembers for each number it moves.

    It is asked to move a small matrix: two float32 for Adam, none for plain
    SGD. Optimisers that factorise are over-estimated.
    """
    dummy = torch.zeros(64, 64, requires_grad=True)
    optimizer = step.build_optimizer([dummy])
    dummy.grad = torch.zeros_like(dummy)
    optimizer.step()
    states = [
        value.numel() * value.element_size()
        for value in optimizer.state[dummy].values()
        if isinstance(value, torch.Tensor) and value.numel() > 1
    ]
    return sum(states) / dummy.numel()


def measure_heads(step: RecipeStep, world_size: int = 1) -> Coefficients:
    """Demand of comparing all pairs, without the towers.

    Args:
        step (RecipeStep): The step.
        world_size (int): Processes. Defaults to 1.

    Returns:
        tuple[float, float, float]: Coefficients of the batch; zeros if the
        heads want more than embeddings.
    """
    width = 64  # the affine part belongs to the towers, so any will do

    def compare(size: int) -> int:
        pairs = [
            torch.randn(size, width, device=step.device, requires_grad=True)
            for _ in range(2)
        ]

        def work() -> None:
            with step.context():
                found = [
                    head.loss(PairEmbeddings(*pairs))
                    for head in step.model.heads.values()
                ]
            losses = {k: v for one in found for k, v in one.items()}
            step.model.parse_losses(losses)[0].backward()

        return peak_bytes(work, step.device)

    try:
        first, second, third = map(compare, _HEAD_BATCHES)
    except (AttributeError, TypeError):
        return (0.0, 0.0, 0.0)
    gap = _HEAD_BATCHES[1] - _HEAD_BATCHES[0]
    square = max(0.0, (third - 2 * second + first) / (2 * gap**2))
    return (0.0, 0.0, square * world_size)


def _peak(step: RecipeStep, size: int) -> int:
    return peak_bytes(lambda: step.run(size), step.device)


def _saved(step: RecipeStep, size: int) -> int:
    return saved_bytes(step.forward(size), step.stored)


def _fit(sizes: Sequence[int], values: Sequence[int]) -> Coefficients:
    """The line through two points."""
    if len(sizes) != 2 or sizes[0] >= sizes[1] or sizes[0] < 1:
        raise ValueError(
            'two different batch sizes are needed, the smaller one first, but '
            f'got {tuple(sizes)}.'
        )
    slope = (values[1] - values[0]) / (sizes[1] - sizes[0])
    return (values[0] - slope * sizes[0], slope)


def _at(coefficients: Coefficients, x: float) -> float:
    return sum(c * x**power for power, c in enumerate(coefficients))
