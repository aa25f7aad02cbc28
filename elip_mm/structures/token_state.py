# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass, replace
from typing import Optional, Tuple

import torch
from torch import Tensor

from .token_plan import TakenPlan, TokenPlan


@dataclass(frozen=True)
class TokenState:
    """The vision tokens of a batch and the patches that each stands for.

    A state is frozen; :meth:`apply` and :meth:`with_tokens` return new ones.
    The patch-to-token map is exact after any number of stages and for any mix
    of strategies, since it is a composition of integer maps.

    Args:
        tokens (Tensor): Prefix tokens, then patch tokens, shape
            ``(B, N, C)``.
        sizes (Tensor): Patches folded into each token (1 for a prefix
            token), shape ``(B, N)``.
        owner (Tensor): For every patch of the image the token that now
            stands for it, or -1 if it was dropped, int64, shape ``(B, P)``.
        grid (Tuple[int, int]): Rows and columns of patches, ``P = H * W``.
        num_prefix (int): Leading tokens that are not patches.
        plans (Tuple[TakenPlan, ...]): All that was decided on the way, so
            that another tower can follow. Defaults to ().
        num_registers (int): How many of the prefix tokens, the last of them,
            are registers; what is left is the class token. Defaults to 0.
    """

    tokens: Tensor
    sizes: Tensor
    owner: Tensor
    grid: Tuple[int, int]
    num_prefix: int
    plans: Tuple[TakenPlan, ...] = ()
    num_registers: int = 0

    @classmethod
    def start(
        cls,
        tokens: Tensor,
        grid: Tuple[int, int],
        num_prefix: int,
        num_registers: int = 0,
    ) -> 'TokenState':
        """State before any reduction: every patch is its own token.

        Args:
            tokens (Tensor): Embedded sequence, shape
                ``(B, num_prefix + H * W, C)``.
            grid (Tuple[int, int]): Rows and columns of patches.
            num_prefix (int): Leading tokens that are not patches.
            num_registers (int): As in the class. Defaults to 0.

        Returns:
            TokenState: The first state of a forward pass.
        """
        batch, length, _ = tokens.shape
        patches = torch.arange(num_prefix, length, device=tokens.device)
        return cls(
            tokens=tokens,
            sizes=torch.ones(
                batch,
                length,
                device=tokens.device,
                # Never in half precision, which cannot count beyond 256.
                dtype=torch.promote_types(tokens.dtype, torch.float32),
            ),
            owner=patches.expand(batch, -1),
            grid=(grid[0], grid[1]),
            num_prefix=num_prefix,
            num_registers=num_registers,
        )

    @property
    def has_cls(self) -> bool:
        """bool: Whether the first token is a class token."""
        return self.num_prefix > self.num_registers

    @property
    def num_patches(self) -> int:
        """int: Patches of the image, ``P``, the same for the whole pass."""
        return self.grid[0] * self.grid[1]

    @property
    def num_patch_tokens(self) -> int:
        """int: Tokens after the prefix, merged ones included."""
        return self.tokens.shape[1] - self.num_prefix

    def with_tokens(self, tokens: Tensor) -> 'TokenState':
        """The same tokens one layer later, shape ``(B, N, C)``."""
        return replace(self, tokens=tokens)

    def apply(self, plan: Optional[TokenPlan]) -> 'TokenState':
        """Follow a plan; the patch-to-token map follows with it."""
        if plan is None:
            return self
        return self.with_tokens(plan.combine(self.tokens)).recount(plan)

    def recount(self, plan: Optional[TokenPlan]) -> 'TokenState':
        """Follow a plan that the tokens themselves have followed already."""
        if plan is None:
            return self
        return replace(
            self,
            sizes=plan.count_sizes(self.sizes),
            owner=plan.follow(self.owner),
        )

    def note(
        self, layer: int, position: str, plan: Optional[TokenPlan]
    ) -> 'TokenState':
        """Remember a plan that was followed, see :class:`TakenPlan`."""
        if plan is None:
            return self
        # Detached: what is remembered keeps no graph alive, and a tower that
        # follows sends no gradient to the one that decided.
        taken = TakenPlan(layer, position, plan.detach())
        return replace(self, plans=(*self.plans, taken))

    def dense(self) -> Tensor:
        """Give each patch the feature of its owner.

        Returns:
            Tensor: Feature map, shape ``(B, C, H, W)``; dropped patches are
            zero and flagged by ``owner < 0``.
        """
        batch, _, channels = self.tokens.shape
        index = self.owner.clamp(min=0).unsqueeze(-1)
        patches = self.tokens.gather(1, index.expand(-1, -1, channels))
        patches = patches * (self.owner >= 0).unsqueeze(-1)
        return patches.transpose(1, 2).reshape(batch, channels, *self.grid)

    def mean(self) -> Tensor:
        """Average the patch tokens, weighted by the patches they stand for.

        Returns:
            Tensor: Shape ``(B, C)``; equals the mean over :meth:`dense` if
            nothing was dropped.
        """
        patches = self.tokens[:, self.num_prefix :]
        if self.num_patch_tokens == self.num_patches:
            return patches.mean(dim=1)  # unreduced: the plain ViT's own sum
        sizes = self.sizes[:, self.num_prefix :].to(patches.dtype)
        weight = sizes / sizes.sum(dim=1, keepdim=True)
        return (weight.unsqueeze(1) @ patches).squeeze(1)

    def attention_bias(self, weigh_by_size: bool) -> Optional[Tensor]:
        """Logarithm of the sizes, for proportional attention.

        Args:
            weigh_by_size (bool): Whether a token that stands for several
                patches shall be attended to as often.

        Returns:
            Tensor or None: Added to the attention logits of every query,
            shape ``(B, N)``; None if sizes do not matter.

        Source: ToMe, https://arxiv.org/abs/2210.09461, section 3.
        """
        if not weigh_by_size or self.num_patch_tokens == self.num_patches:
            return None  # all sizes are 1: the plain ViT's own attention
        return self.sizes.log()
