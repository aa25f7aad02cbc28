# Copyright (c) elip_mm contributors. All rights reserved.
"""Refuse settings that make no sense, and say how to correct them."""

from typing import Iterable


def check_ratio(owner: str, name: str, ratio: float) -> float:
    """Check a ratio in (0, 1].

    Args:
        owner (str): Class that asks.
        name (str): Name of the argument.
        ratio (float): Its value.

    Returns:
        float: The ratio.
    """
    if not 0 < ratio <= 1:
        raise ValueError(
            f'{owner}: {name} is a ratio in (0, 1], but got {ratio}.'
        )
    return float(ratio)


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
