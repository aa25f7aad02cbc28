# Copyright (c) elip_mm contributors. All rights reserved.
"""What can be said of a plan's inputs without a look at their values."""

from typing import Optional

from torch import Tensor


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


def check_selection(
    owner: str,
    num_keep: int,
    num_prefix: int,
    scores: Optional[Tensor] = None,
    metric: Optional[Tensor] = None,
) -> None:
    """Check that there is a row per token and that the prefix is among them.

    Args:
        owner (str): Function that asks.
        num_keep (int): Tokens to keep.
        num_prefix (int): Leading tokens, at most ``N``.
        scores (Tensor, optional): Shape ``(B, N)``. Defaults to None.
        metric (Tensor, optional): Shape ``(B, N, d)``. Defaults to None.

    Raises:
        ValueError: Something is of another form.
    """
    check_count(owner, 'num_keep', num_keep)
    check_count(owner, 'num_prefix', num_prefix)
    for name, rows, num_dims in (('scores', scores, 2), ('metric', metric, 3)):
        if rows is None:
            continue
        if rows.ndim != num_dims:
            raise ValueError(
                f'{owner}: {name} must have {num_dims} dimensions, images and '
                f'tokens first, but has the shape {tuple(rows.shape)}.'
            )
        if num_prefix > rows.shape[1]:
            raise ValueError(
                f'{owner}: num_prefix must lie in [0, {rows.shape[1]}], the '
                f'number of tokens, but is {num_prefix}.'
            )
