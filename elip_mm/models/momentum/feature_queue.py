# Copyright (c) elip_mm contributors. All rights reserved.
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather
from torch import Tensor, nn


class FeatureQueue(nn.Module):
    """Teacher features of the last batches, as further negatives.

    The newest overwrite the oldest. A batch that does not fit before the end
    goes on at the beginning, so the length need not be a multiple of it. All
    processes enter the features of all, and their queues stay equal. Features
    that are not finite enter nothing: one of them would break the loss of
    every batch until it is overwritten.

    Args:
        embed_dims (int): Width ``E`` of the joint space.
        size (int): Number ``K`` of features of each kind.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 3.2.
    """

    def __init__(self, embed_dims: int, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(
                f'FeatureQueue: size must be positive, but got {size}.'
            )
        self.size = size
        self.image_queue: Tensor
        self.text_queue: Tensor
        self.queue_ptr: Tensor
        for name in ('image_queue', 'text_queue'):
            start = F.normalize(torch.randn(embed_dims, size), dim=0)
            self.register_buffer(name, start)
        self.register_buffer('queue_ptr', torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def enqueue(self, image: Tensor, text: Tensor) -> None:
        """Enter features of the global batch.

        Args:
            image (Tensor): Shape ``(G, E)``, the same on every process; see
                :meth:`gather`.
            text (Tensor): Shape ``(G, E)``.
        """
        count = len(image)
        # Of a batch longer than the queue only the end would survive.
        skipped = max(0, count - self.size)
        place = torch.arange(skipped, count, device=image.device)
        place = (place + self.queue_ptr) % self.size
        for queue, rows in (
            (self.image_queue, image),
            (self.text_queue, text),
        ):
            rows = rows[skipped:].to(queue.dtype).t()
            whole = rows.isfinite().all(dim=0)
            kept = queue.index_select(1, place)
            queue.index_copy_(1, place, torch.where(whole, rows, kept))
        self.queue_ptr.add_(count).remainder_(self.size)

    @staticmethod
    @torch.no_grad()
    def gather(rows: Tensor) -> Tensor:
        """Features of all processes, shape ``(G, E)``, in order of ranks."""
        return torch.cat(all_gather(rows))
