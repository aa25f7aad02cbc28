# Copyright (c) elip_mm contributors. All rights reserved.
"""How many tokens each stage keeps for a budget."""

from dataclasses import dataclass
from typing import Callable, Sequence, Tuple

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
        share (float): In (0, 1].
    """

    kind: str
    share: float


def read_budget(text: str) -> Budget:
    """Read a budget such as ``'flops:0.75'`` or ``'tokens:0.70'``.

    Args:
        text (str): Kind and share.

    Returns:
        Budget: What it says.
    """
    kind, _, number = str(text).partition(':')
    try:
        share = float(number)
    except ValueError:
        share = -1.0
    if kind not in ('flops', 'tokens') or not 0 < share <= 1:
        raise ValueError(
            "ELIPReducer: budget must be 'flops:SHARE' or 'tokens:SHARE' with "
            f"a share of the dense tower in (0, 1], like 'flops:0.75', but "
            f'got {text!r}.'
        )
    return Budget(kind, share)


def removal_pattern(num_stages: int) -> Tuple[float, ...]:
    """Shares that stages remove, as parts of what the last one removes.

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
        share = place - low
        pattern.append((1 - share) * _PAPER[low] + share * _PAPER[low + 1])
    return tuple(pattern)


def solve_counts(
    budget: Budget,
    shape: TowerShape,
    moments: Tuple[StageSpec, ...],
    num_patches: int,
    num_prefix: int = 1,
) -> Tuple[int, ...]:
    """Find how many tokens each stage keeps, such that a budget is met.

    Stages remove in the proportions of the paper, and one number says how
    much; whole tokens are then given back or taken one at a time.

    Args:
        budget (Budget): What the tower may cost.
        shape (TowerShape): The tower.
        moments (tuple[StageSpec]): Stages, sorted by layer.
        num_patches (int): Patches of the image.
        num_prefix (int): Class token and registers. Defaults to 1.

    Returns:
        tuple[int]: Patch tokens that each stage keeps.
    """
    low, high = reachable_range(
        budget.kind, shape, moments, num_patches, num_prefix
    )
    if not low <= budget.share <= max(high, 1.0):
        raise ValueError(
            f"ELIPReducer: budget='{budget.kind}:{budget.share:g}' cannot be "
            f'reached with these {len(moments)} stages on {num_patches} '
            f'patches, only {low:.3f} to {high:.3f}, or 1 for no reduction; '
            'choose a share in this range, earlier stages or a shorter '
            'look-ahead.'
        )
    if budget.share == 1.0:
        return (num_patches,) * len(moments)

    def miss(counts: Sequence[int]) -> float:
        cost = relative_cost(
            budget.kind, shape, moments, counts, num_patches, num_prefix
        )
        return cost - budget.share

    return _polish(miss, _bisect(miss, moments, num_patches), num_patches)


def relative_cost(
    kind: str,
    shape: TowerShape,
    moments: Sequence[StageSpec],
    counts: Sequence[int],
    num_patches: int,
    num_prefix: int = 1,
) -> float:
    """Cost of a tower relative to the dense one.

    Args:
        kind (str): As in :class:`Budget`.
        shape (TowerShape): The tower.
        moments (Sequence[StageSpec]): Stages, sorted by layer.
        counts (Sequence[int]): Patch tokens that each of them keeps.
        num_patches (int): Patches of the image.
        num_prefix (int): Class token and registers. Defaults to 1.

    Returns:
        float: 1 without any reduction.
    """
    if kind == 'flops':
        dense = training_flops(shape, num_patches, num_prefix)
        return (
            training_flops(shape, num_patches, num_prefix, moments, counts)
            / dense
        )
    lengths = layer_lengths(
        shape.num_layers, num_patches, num_prefix, moments, counts
    )
    return sum(lengths) / (shape.num_layers * (num_prefix + num_patches))


def reachable_range(
    kind: str,
    shape: TowerShape,
    moments: Tuple[StageSpec, ...],
    num_patches: int,
    num_prefix: int = 1,
) -> Tuple[float, float]:
    """Least and greatest relative cost with every stage at work.

    The greatest cost in FLOPs may exceed 1: a look-ahead can cost more than
    its stage saves.

    Args:
        kind (str): As in :class:`Budget`.
        shape (TowerShape): The tower.
        moments (tuple[StageSpec]): Stages, sorted by layer.
        num_patches (int): Patches of the image.
        num_prefix (int): Class token and registers. Defaults to 1.

    Returns:
        tuple[float, float]: Relative to the dense tower.
    """
    pattern = removal_pattern(len(moments))
    least, most = (
        relative_cost(
            kind,
            shape,
            moments,
            _counts(removed, pattern, moments, num_patches),
            num_patches,
            num_prefix,
        )
        for removed in (1.0, 0.0)
    )
    return least, most


def _counts(
    removed: float,
    pattern: Sequence[float],
    moments: Sequence[StageSpec],
    num_patches: int,
) -> Tuple[int, ...]:
    """Counts if the last stage removes so much; each one does something.

    A stage that keeps all tokens but as many as it merges into shortens
    nothing: with ``removed`` 0 the sequence stays, and look-aheads cost.
    """
    counts, there = [], num_patches
    for part, moment in zip(pattern, moments):
        goal = round(num_patches * (1 - removed * part))
        counts.append(max(1, min(goal, there - moment.merge_tokens)))
        there = min(there, counts[-1] + moment.merge_tokens)
    return tuple(counts)


def _bisect(
    miss: Callable[[Sequence[int]], float],
    moments: Sequence[StageSpec],
    num_patches: int,
) -> Tuple[int, ...]:
    """Counts in the pattern that miss the budget least."""
    pattern = removal_pattern(len(moments))
    low, high = 0.0, 1.0  # the cost falls with what is removed
    for _ in range(40):
        middle = (low + high) / 2
        if miss(_counts(middle, pattern, moments, num_patches)) > 0:
            low = middle
        else:
            high = middle
    ends = [_counts(end, pattern, moments, num_patches) for end in (low, high)]
    return min(ends, key=lambda counts: abs(miss(counts)))


def _polish(
    miss: Callable[[Sequence[int]], float],
    counts: Tuple[int, ...],
    num_patches: int,
) -> Tuple[int, ...]:
    """Move single counts by a token as long as that misses by less."""
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
