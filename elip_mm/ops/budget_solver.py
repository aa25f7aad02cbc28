# Copyright (c) elip_mm contributors. All rights reserved.
"""How many tokens each stage keeps for a budget."""

from dataclasses import dataclass
from typing import Callable, Sequence, Tuple

from elip_mm.utils.checks import shown

from .tower_flops import StageSpec, TowerShape, layer_lengths, training_flops

# What the stages of the paper remove, 0.10, 0.35 and 0.60, as parts of what
# the last one does; in between the line through them.
_PAPER = (0.10 / 0.60, 0.35 / 0.60, 1.0)


@dataclass(frozen=True)
class Budget:
    """What a tower may cost, relative to the dense one.

    Args:
        kind (str): ``'flops'``, of a training step of the tower with its
            look-ahead, or ``'tokens'``, the mean number that a layer works
            on, prefix included.
        ratio (float): In (0, 1].
    """

    kind: str
    ratio: float


def read_budget(text: str) -> Budget:
    """Read a budget such as ``'flops:0.75'`` or ``'tokens:0.70'``.

    Args:
        text (str): Kind and ratio.

    Returns:
        Budget: What it says.
    """
    kind, _, number = (
        text.partition(':') if isinstance(text, str) else [''] * 3
    )
    try:
        ratio = float(number)
    except ValueError:
        ratio = -1.0
    if kind not in ('flops', 'tokens') or not 0 < ratio <= 1:
        raise ValueError(
            "ELIPReducer: budget must be 'flops:RATIO' or 'tokens:RATIO' with "
            f"a ratio to the dense tower in (0, 1], like 'flops:0.75', but "
            f'got {shown(text)}.'
        )
    return Budget(kind, ratio)


def removal_pattern(num_stages: int) -> Tuple[float, ...]:
    """What each stage removes, as a ratio to what the last one removes.

    Args:
        num_stages (int): Stages; with three, those of the paper.

    Returns:
        tuple[float]: Rising to 1.
    """
    if num_stages == 1:
        return (1.0,)
    pattern = []
    for index in range(num_stages):
        place = 2 * index / (num_stages - 1)
        low = min(int(place), 1)
        weight = place - low
        pattern.append((1 - weight) * _PAPER[low] + weight * _PAPER[low + 1])
    return tuple(pattern)


def solve_counts(
    budget: Budget, tower: TowerShape, stages: Tuple[StageSpec, ...]
) -> Tuple[int, ...]:
    """Find how many tokens each stage keeps, such that a budget is met.

    Stages remove in the proportions of the paper, and one number says how
    much; whole tokens are then given back or taken one at a time.

    Args:
        budget (Budget): What the tower may cost.
        tower (TowerShape): The tower.
        stages (tuple[StageSpec]): Stages, sorted by layer.

    Returns:
        tuple[int]: Patch tokens that each stage keeps.
    """
    num_patches = tower.num_patches
    low, high = reachable_range(budget.kind, tower, stages)
    if not low <= budget.ratio <= max(high, 1.0):
        raise ValueError(
            f"ELIPReducer: budget='{budget.kind}:{budget.ratio:g}' cannot be "
            f'reached with these {len(stages)} stages on {num_patches} '
            f'patches, only {low:.3f} to {high:.3f}, or 1 for no reduction; '
            'choose a ratio in this range, earlier stages or a shorter '
            'look-ahead.'
        )
    if budget.ratio == 1.0:
        return (num_patches,) * len(stages)

    def miss(counts: Sequence[int]) -> float:
        cost = relative_cost(budget.kind, tower, stages, counts)
        return cost - budget.ratio

    return _polish(miss, _bisect(miss, stages, num_patches), num_patches)


def relative_cost(
    kind: str,
    tower: TowerShape,
    stages: Sequence[StageSpec],
    counts: Sequence[int],
) -> float:
    """Cost of a tower relative to the dense one.

    Args:
        kind (str): As in :class:`Budget`.
        tower (TowerShape): The tower.
        stages (Sequence[StageSpec]): Stages, sorted by layer.
        counts (Sequence[int]): Patch tokens that each of them keeps.

    Returns:
        float: 1 without any reduction.
    """
    if kind == 'flops':
        flops = training_flops(tower, stages, counts)
        return flops / training_flops(tower)
    lengths = layer_lengths(tower, stages, counts)
    return sum(lengths) / (tower.num_layers * tower.num_tokens)


def reachable_range(
    kind: str, tower: TowerShape, stages: Tuple[StageSpec, ...]
) -> Tuple[float, float]:
    """Least and greatest relative cost with every stage at work.

    The greatest cost in FLOPs may exceed 1: a look-ahead can cost more than
    its stage saves.

    Args:
        kind (str): As in :class:`Budget`.
        tower (TowerShape): The tower.
        stages (tuple[StageSpec]): Stages, sorted by layer.

    Returns:
        tuple[float, float]: Relative to the dense tower.
    """
    pattern = removal_pattern(len(stages))
    least, most = (
        relative_cost(
            kind,
            tower,
            stages,
            _counts(removed, pattern, stages, tower.num_patches),
        )
        for removed in (1.0, 0.0)
    )
    return least, most


def _counts(
    removed: float,
    pattern: Sequence[float],
    stages: Sequence[StageSpec],
    num_patches: int,
) -> Tuple[int, ...]:
    """Counts if the last stage removes so much; each one does something.

    A stage that keeps all tokens but as many as it merges into shortens
    nothing: with ``removed`` 0 the sequence stays, and look-aheads cost.
    """
    counts, there = [], num_patches
    for part, stage in zip(pattern, stages):
        goal = round(num_patches * (1 - removed * part))
        counts.append(max(1, min(goal, there - stage.merge_tokens)))
        there = min(there, counts[-1] + stage.merge_tokens)
    return tuple(counts)


def _bisect(
    miss: Callable[[Sequence[int]], float],
    stages: Sequence[StageSpec],
    num_patches: int,
) -> Tuple[int, ...]:
    """Counts in the pattern that miss the budget least."""
    pattern = removal_pattern(len(stages))
    low, high = 0.0, 1.0  # the cost falls with what is removed
    for _ in range(40):
        middle = (low + high) / 2
        if miss(_counts(middle, pattern, stages, num_patches)) > 0:
            low = middle
        else:
            high = middle
    ends = [_counts(end, pattern, stages, num_patches) for end in (low, high)]
    return min(ends, key=lambda counts: abs(miss(counts)))


def _polish(
    miss: Callable[[Sequence[int]], float],
    counts: Tuple[int, ...],
    num_patches: int,
) -> Tuple[int, ...]:
    """Move single counts by one token as long as that misses by less."""
    best = abs(miss(counts))
    for index in range(len(counts)):
        for step in (-1, 1):
            moved = list(counts)
            moved[index] += step
            chain = (num_patches - 1, *moved, 1)
            falls = all(a >= b for a, b in zip(chain, chain[1:]))
            if falls and abs(miss(moved)) < best:
                return _polish(miss, tuple(moved), num_patches)
    return counts
