# Copyright (c) elip_mm contributors. All rights reserved.
from typing import NamedTuple, Optional, Sequence

import torch
from torch import Tensor


class TokenPlan(NamedTuple):
    """Where each of ``N`` tokens goes among ``M`` new ones.

    A plan is data: it can be printed, compared and applied to anything that
    has one row per token. Keeping, dropping, fusing and merging are all plans.
    It is a named tuple, not a data class, because plans leave the forward of
    an encoder layer, and sharded training looks for tensors in there.

    Args:
        target (Tensor): New index of every old token, or -1 if it is
            dropped, int64, shape ``(B, N)``.
        weight (Tensor): Factor with which the token enters its target,
            shape ``(B, N)``. A constant, unless the strategy lets gradients
            flow through it (:class:`EViTReducer`).
        num_tokens (int): Length ``M`` of the new sequence.
    """

    target: Tensor
    weight: Tensor
    num_tokens: int

    def combine(self, tokens: Tensor) -> Tensor:
        """Build the new sequence by one weighted scatter-add.

        Args:
            tokens (Tensor): The old sequence, shape ``(B, N, C)``.

        Returns:
            Tensor: The new sequence, shape ``(B, M, C)``. A row that only
            one token enters with weight 1 equals that token bit for bit.
        """
        batch, _, channels = tokens.shape
        weight = self._alive_weight(tokens.dtype)
        index = self.target.clamp(min=0).unsqueeze(-1)
        return tokens.new_zeros(batch, self.num_tokens, channels).scatter_add(
            1, index.expand(-1, -1, channels), tokens * weight.unsqueeze(-1)
        )

    def count_sizes(self, sizes: Tensor) -> Tensor:
        """Add up the sizes of the tokens that meet in each target.

        Args:
            sizes (Tensor): Patches folded into each old token, shape
                ``(B, N)``.

        Returns:
            Tensor: The same for the new tokens, shape ``(B, M)``.
        """
        alive = (self.target >= 0).to(sizes.dtype)
        return sizes.new_zeros(len(sizes), self.num_tokens).scatter_add(
            1, self.target.clamp(min=0), sizes * alive
        )

    def follow(self, owner: Tensor) -> Tensor:
        """Send a patch-to-token map through the plan.

        Args:
            owner (Tensor): Old token of every patch, or -1, int64, shape
                ``(B, P)``.

        Returns:
            Tensor: New token of every patch, or -1, shape ``(B, P)``.
        """
        moved = self.target.gather(1, owner.clamp(min=0))
        return torch.where(owner < 0, owner, moved)

    def detach(self) -> 'TokenPlan':
        """The same plan with constant weights, for whoever keeps it."""
        if not self.weight.requires_grad:
            return self
        return TokenPlan(self.target, self.weight.detach(), self.num_tokens)

    def _alive_weight(self, dtype: torch.dtype) -> Tensor:
        """Weights with zeros for the dropped, which are sent to row 0."""
        weight = self.weight.to(dtype)
        return torch.where(self.target < 0, torch.zeros_like(weight), weight)


class TakenPlan(NamedTuple):
    """A plan together with the place where it was followed.

    Args:
        layer (int): Index of the layer.
        position (str): Where in the layer, ``'before_layer'`` or
            ``'after_attention'``, as the methods of a reducer are called.
        plan (TokenPlan): The plan.
    """

    layer: int
    position: str
    plan: TokenPlan


def find_plan(
    taken: Sequence[TakenPlan], layer: int, position: str
) -> Optional[TokenPlan]:
    """Look up what was decided at one place.

    Args:
        taken (Sequence[TakenPlan]): All that was decided.
        layer (int): Index of the layer.
        position (str): As in :class:`TakenPlan`.

    Returns:
        TokenPlan or None: None if nothing was decided there.
    """
    for step in taken:
        if (step.layer, step.position) == (layer, position):
            return step.plan
    return None
