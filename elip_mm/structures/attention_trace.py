# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from typing import Optional

from torch import Tensor

from elip_mm.utils.precision import exact, widen


@dataclass(frozen=True)
class AttentionTrace:
    """Query and key of one attention, from which parts are read on demand.

    Nothing is computed until it is asked for, and one row of attention costs
    O(N): the fused kernel stays in use on the main path, and no ``N x N``
    matrix is ever built for scoring. What is read carries no gradient, unless
    ``with_grad`` asks for it.

    Args:
        query (Tensor): Shape ``(B, heads, N, d)``.
        key (Tensor): Shape ``(B, heads, N, d)``.
        bias (Tensor, optional): Added to the logits of every query, shape
            ``(B, N)``. Defaults to None.
    """

    query: Tensor
    key: Tensor
    bias: Optional[Tensor] = None

    def attention_from(self, index: int, with_grad: bool = False) -> Tensor:
        """Attention that one token pays to all, averaged over the heads.

        Args:
            index (int): Position of the token that asks.
            with_grad (bool): Whether the gradient flows on into query and
                key. Defaults to False.

        Returns:
            Tensor: Probabilities in float32 or wider, shape ``(B, N)``; the
            asking token itself is among the columns.
        """
        return self._row(self.query[:, :, index : index + 1], with_grad)

    def attention_from_mean(self, with_grad: bool = False) -> Tensor:
        """The same for the mean query of all tokens.

        Args:
            with_grad (bool): As in :meth:`attention_from`. Defaults to False.

        Returns:
            Tensor: Probabilities, shape ``(B, N)``.
        """
        return self._row(self.query.mean(2, keepdim=True), with_grad)

    def mean_key(self) -> Tensor:
        """Keys averaged over the heads, shape ``(B, N, d)``."""
        return self.key.detach().mean(dim=1)

    def _row(self, query: Tensor, with_grad: bool) -> Tensor:
        key = self.key
        if not with_grad:
            # Detached, not under no_grad: torch.compile cannot follow a
            # decorated method of an object that is made on the way.
            query, key = query.detach(), key.detach()
        query, key = widen(query), widen(key)
        with exact(query.device):
            logits = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
        if self.bias is not None:
            logits = logits + self.bias[:, None, None]
        return logits.softmax(dim=-1).mean(dim=1).squeeze(1)
