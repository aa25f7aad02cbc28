# Copyright (c) elip_mm contributors. All rights reserved.
from contextlib import contextmanager
from typing import Any, Iterator

import torch
from torch import nn


@contextmanager
def no_dropout(module: nn.Module) -> Iterator[None]:
    """Run a module without dropout and stochastic depth, then restore it.

    A look-ahead that used random numbers would rank the tokens at random and
    shift the random stream of the real pass. Only the modules that could use
    any are switched, so a model without dropout is not touched at all (and
    its graph does not see a switch).

    Neither are its casts cached. Before torch learned better, autocast kept
    those of a look-ahead, made without gradient, and handed them to the real
    pass, whose weights then got no gradient at all.

    Args:
        module (nn.Module): The module; its ``training`` flags are the same
            afterwards as before.
    """
    active = [part for part in module.modules() if _is_random(part)]
    for part in active:
        part.training = False
    caches = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(caches)
        for part in active:
            part.training = True


def cast_drop_rates(module: nn.Module) -> None:
    """Make the rates of stochastic depth plain numbers, in place.

    mmpretrain takes them from a numpy array, whose numbers ``torch.compile``
    treats as tensors; it then breaks the graph where they are compared.

    Args:
        module (nn.Module): The module; its rates stay the same.
    """
    part: Any  # torch allows only tensors and modules as attributes
    for part in module.modules():
        if isinstance(getattr(part, 'drop_prob', None), float):
            part.drop_prob = float(part.drop_prob)  # numpy's is a float, too


def _is_random(module: nn.Module) -> bool:
    """Whether a module uses random numbers in its current mode."""
    if not module.training:
        return False
    # nn.Dropout keeps its rate in `p`, DropPath in `drop_prob`, and
    # mmpretrain's attention the rate of its own dropout in `attn_drop`.
    rates = (
        getattr(module, name, 0.0) for name in ('p', 'drop_prob', 'attn_drop')
    )
    return any(isinstance(rate, float) and rate > 0 for rate in rates)
