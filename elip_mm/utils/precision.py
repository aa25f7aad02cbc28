# Copyright (c) elip_mm contributors. All rights reserved.
"""Precision of what ranks tokens or is compared."""

from contextlib import nullcontext
from typing import ContextManager

import torch
from torch import Tensor


def exact(device: torch.device) -> ContextManager:
    """Switch autocast off, which would narrow matrix products again.

    Args:
        device (torch.device): Where the work happens.
    """
    if device.type == 'meta':
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


def widen(tensor: Tensor) -> Tensor:
    """Bring a half-precision tensor to float32; leave wider ones alone.

    In half precision ties become frequent and a sum of small scores is lost,
    so everything that ranks tokens is computed at least in float32.
    """
    half = tensor.dtype in (torch.float16, torch.bfloat16)
    return tensor.float() if half else tensor


def similarity(rows: Tensor, columns: Tensor) -> Tensor:
    """Scalar products of features that are ranked by them.

    In half precision many would be equal, and a tie counts as a miss.

    Args:
        rows (Tensor): Shape ``(B, E)``.
        columns (Tensor): Shape ``(N, E)``.

    Returns:
        Tensor: In float32 or wider even under autocast, shape ``(B, N)``.
    """
    with exact(rows.device):
        return widen(rows) @ widen(columns).t()
