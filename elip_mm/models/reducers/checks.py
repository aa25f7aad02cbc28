# Copyright (c) elip_mm contributors. All rights reserved.
"""Refuse settings that make no sense, in words that say how to mend them."""

from typing import Iterable


def check_share(owner: str, name: str, share: float) -> float:
    """Check a share in (0, 1].

    Args:
        owner (str): Class that asks.
        name (str): Name of the argument.
        share (float): Its value.

    Returns:
        float: The share.
    """
    if not 0 < share <= 1:
        raise ValueError(
            f'{owner}: {name} is a share in (0, 1], but got {share}.'
        )
    return float(share)


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
