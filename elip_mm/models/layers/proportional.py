# Copyright (c) elip_mm contributors. All rights reserved.
"""Attention with one number per key added to the logits, in two equal ways.

``by_mask`` hands the numbers to the kernel as a broadcast mask; ``by_channel``
appends them to the keys as one more channel that every query meets with 1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def attend_with_bias(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    dropout: float = 0.0,
) -> Tensor:
    """Attend by the way that keeps the fused kernel of the device.

    The fused kernel for CPUs takes masks, and is faster with one than with a
    channel (docs/en/concepts/reducers.md has the times). FlashAttention for
    GPUs refuses masks, but takes the channel.

    Args:
        query (Tensor): Shape ``(B, heads, N, d)``.
        key (Tensor): Shape ``(B, heads, N, d)``.
        value (Tensor): Shape ``(B, heads, N, d)``.
        bias (Tensor): Added to the logits of every query, shape ``(B, N)``.
        dropout (float): Rate of attention dropout. Defaults to 0.0.

    Returns:
        Tensor: Shape ``(B, heads, N, d)``.
    """
    way = by_channel if query.is_cuda else by_mask
    return way(query, key, value, bias, dropout)


def by_mask(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor, dropout: float
) -> Tensor:
    """Attend with a mask; arguments as in :func:`attend_with_bias`."""
    mask = bias[:, None, None].to(query)
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, dropout_p=dropout
    )


def by_channel(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor, dropout: float
) -> Tensor:
    """Attend with one more channel; as in :func:`attend_with_bias`."""
    dims = query.shape[-1]
    # The kernel scales the whole product, so the bias is scaled up before.
    column = (bias * dims**0.5).to(key)[:, None, :, None]
    column = column.expand(*key.shape[:-1], 1)
    ones = query.new_ones(1).expand(*query.shape[:-1], 1)
    # Kernels want values as wide as keys.
    zeros = value.new_zeros(1).expand(*value.shape[:-1], 1)
    mixed = F.scaled_dot_product_attention(
        torch.cat([query, ones], dim=-1),
        torch.cat([key, column], dim=-1),
        torch.cat([value, zeros], dim=-1),
        dropout_p=dropout,
        scale=dims**-0.5,
    )
    return mixed[..., :dims]
