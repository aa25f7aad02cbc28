# Copyright (c) elip_mm contributors. All rights reserved.
"""Which numbers are not finite."""

from typing import Container, Iterable, List, Tuple

import torch
from torch import Tensor

__all__ = ['all_finite', 'broken_weights']


def all_finite(tensors: Iterable[Tensor]) -> Tensor:
    """Whether no number is NaN or infinite, without waiting for a device.

    Args:
        tensors (Iterable[Tensor]): Any shapes; those of integers are finite.

    Returns:
        Tensor: A bool on the device of the first tensor; true if there are
        none.
    """
    found = [t for t in tensors if t.is_floating_point() and t.numel()]
    if not found:
        return torch.tensor(True)
    # The largest magnitude, since a sum of squares overflows where no number
    # does. One call for all, since parameters are many and mostly small.
    largest = torch._foreach_norm(found, float('inf'))
    device = found[0].device
    return (
        torch.stack([n.float().to(device) for n in largest]).isfinite().all()
    )


def broken_weights(
    weights: Iterable[Tuple[str, Tensor]], parameters: Container[str]
) -> List[str]:
    """Names of the weights that no model can work with.

    A buffer may hold infinities, as masks do; nothing may hold a NaN.

    Args:
        weights (Iterable[tuple[str, Tensor]]): Names and values of a state
            dict; what is no tensor of real numbers counts as whole.
        parameters (Container[str]): Names of those that are parameters.

    Returns:
        list[str]: In their order.
    """
    broken = []
    for name, value in weights:
        if not torch.is_tensor(value) or not value.is_floating_point():
            continue
        if value.layout != torch.strided:  # no model has any
            continue
        whole = value.isfinite() if name in parameters else ~value.isnan()
        if not whole.all():
            broken.append(name)
    return broken
