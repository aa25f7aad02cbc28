# Copyright (c) elip_mm contributors. All rights reserved.
import torch
import torch.distributed as dist
from mmengine.dist import get_rank, get_world_size
from torch import Tensor


class _GatherRows(torch.autograd.Function):
    """Concatenate the rows of all processes, in order of their ranks."""

    @staticmethod
    def forward(ctx, rows: Tensor) -> Tensor:
        ctx.num_rows = len(rows)
        rows = rows.contiguous()
        chunks = [torch.empty_like(rows) for _ in range(get_world_size())]
        dist.all_gather(chunks, rows)
        return torch.cat(chunks)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        # Every process used these rows as columns; each holds its part of
        # their gradient, and the owner needs the sum. Autograd may have lent
        # the same tensor to others, so the sum is made in a copy.
        grad = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(grad)
        begin = get_rank() * ctx.num_rows
        return grad[begin : begin + ctx.num_rows]


def gather_rows(rows: Tensor) -> Tensor:
    """Gather equally many rows from all processes, with gradient.

    mmengine's ``all_gather`` carries no gradient. With local rows against
    gathered columns and a mean over the local rows, averaging the parameter
    gradients over processes gives exactly those of the global batch.

    Args:
        rows (Tensor): Shape ``(B, ...)``, the same on every process.

    Returns:
        Tensor: Shape ``(B * world_size, ...)``; with one process the input
        itself.
    """
    return rows if get_world_size() == 1 else _GatherRows.apply(rows)
