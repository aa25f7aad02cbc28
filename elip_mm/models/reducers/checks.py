# Copyright (c) elip_mm contributors. All rights reserved.
"""Refuse settings that make no sense, and say how to correct them."""

from typing import Iterable, Sequence, Tuple

from elip_mm.utils.checks import check_list, check_number, check_whole


def check_ratio(owner: str, name: str, ratio: float) -> float:
    """Check a ratio in (0, 1].

    Args:
        owner (str): Class that asks.
        name (str): Name of the argument.
        ratio (float): Its value.

    Returns:
        float: The ratio.
    """
    return check_number(f'{owner}: {name}, a ratio,', ratio, above=0, high=1)


def check_counts(
    owner: str, name: str, counts: Sequence[int], low: int = 0
) -> Tuple[int, ...]:
    """Check a list of counts or of layers.

    Args:
        owner (str): Class that asks.
        name (str): Name of the argument.
        counts (Sequence[int]): Its value.
        low (int): Least that each may be. Defaults to 0.

    Returns:
        tuple[int]: The whole numbers.
    """
    return tuple(
        check_whole(f'{owner}: entry {place} of {name}', count, low)
        for place, count in enumerate(check_list(f'{owner}: {name}', counts))
    )


def check_layers(owner: str, layers: Iterable[int], num_layers: int) -> None:
    """Check that layers exist.

    Args:
        owner (str): Class that asks.
        layers (Iterable[int]): Their indices.
        num_layers (int): Depth of the backbone.
    """
    for layer in sorted(layers):
        if not 0 <= layer < num_layers:
            raise ValueError(
                f'{owner}: there is no layer {layer} in a {num_layers}-layer '
                'backbone (counted from 0); give it an earlier layer or '
                'leave it out.'
            )
