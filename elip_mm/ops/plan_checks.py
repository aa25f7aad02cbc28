# Copyright (c) elip_mm contributors. All rights reserved.
"""What can be said of a plan's inputs without a look at their values."""

from torch import Tensor


def check_rows(
    owner: str, name: str, rows: Tensor, num_dims: int, num_prefix: int
) -> None:
    """Check that there is a row per token and that the prefix is among them.

    Args:
        owner (str): Function that asks.
        name (str): Name of the argument.
        rows (Tensor): Its value, shape ``(B, N, ...)``.
        num_dims (int): Dimensions that it must have.
        num_prefix (int): Leading tokens, at most ``N``.

    Raises:
        ValueError: It is of another form.
    """
    if rows.ndim != num_dims:
        raise ValueError(
            f'{owner}: {name} must have {num_dims} dimensions, images and '
            f'tokens first, but has the shape {tuple(rows.shape)}.'
        )
    if num_prefix < 0 or num_prefix > rows.shape[1]:
        raise ValueError(
            f'{owner}: num_prefix must lie in [0, {rows.shape[1]}], the '
            f'number of tokens, but is {num_prefix}.'
        )


def check_count(owner: str, name: str, count: int, low: int = 0) -> None:
    """Check a number of tokens.

    Args:
        owner (str): Function that asks.
        name (str): Name of the argument.
        count (int): Its value.
        low (int): Least that makes sense. Defaults to 0.

    Raises:
        ValueError: It is smaller.
    """
    if count < low:
        raise ValueError(
            f'{owner}: {name} must be at least {low} tokens, but is {count}.'
        )
