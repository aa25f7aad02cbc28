# Copyright (c) elip_mm contributors. All rights reserved.
"""How guidance reaches a tower inside a model that knows nothing of it."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

import torch
from mmpretrain.models.backbones import VisionTransformer
from torch import Tensor, nn

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints


@dataclass(frozen=True)
class GuidanceContext:
    """What towers are told while their model works on one batch.

    Args:
        model (nn.Module): The model whose method runs.
        towers (tuple[nn.Module]): Those that shall reduce.
        guidance (Tensor, optional): Text in vision width, one row per image,
            shape ``(B, C)``. Defaults to None.
    """

    model: nn.Module
    towers: Tuple[nn.Module, ...]
    guidance: Optional[Tensor] = None


_CONTEXT: ContextVar[Optional[GuidanceContext]] = ContextVar(
    'elip_mm_guidance', default=None
)


def current_guidance() -> Optional[GuidanceContext]:
    """The context of the innermost :func:`guidance_scope` block, or None."""
    return _CONTEXT.get()


@contextmanager
def guidance_scope(context: GuidanceContext) -> Iterator[None]:
    """Let towers see a context for the length of a with-block.

    Args:
        context (GuidanceContext): Ends with the block, whatever happens in
            it.
    """
    token = _CONTEXT.set(context)
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def in_backward() -> bool:
    """Whether autograd runs a backward pass in this thread."""
    return torch._C._current_graph_task_id() != -1


def refuse_recomputation(what: str) -> None:
    """Say that a part is recomputed where its guidance is gone.

    Args:
        what (str): The part that is recomputed.

    Raises:
        RuntimeError: Always. The backward pass would go on with other tokens
            than the forward pass had.
    """
    raise RuntimeError(
        f'{what} is computed again in the backward pass, where its guidance '
        'is no longer known, so that it would reduce other tokens than in '
        'the forward pass. Switch off the activation checkpointing around '
        'the tower, and set with_cp=True in attach_reducer or '
        'ELIPPruningHook, which recomputes the tower layer by layer.'
    )


class AdaptedViT(PrunedViT):
    """A pruned tower in a model that calls it with images alone.

    It reduces where the context names it, and is the plain ViT
    everywhere else.
    """

    # Set by attach_reducer: a recomputation of the loss has to reduce, too.
    reduces_in_loss = False

    def forward(
        self, x: Tensor, hints: Optional[Hints] = None, reduce: bool = True
    ) -> Tuple[Tensor, ...]:
        """Encode images as the context says, or as the caller does.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            hints (Hints, optional): As in the parent, whatever the context
                says. Defaults to None, as the context says.
            reduce (bool): False reduces nothing, whatever the context says.
                Defaults to True.

        Returns:
            tuple[Tensor]: As in the parent.
        """
        if hints is not None or not reduce:
            return super().forward(x, hints, reduce)
        context = current_guidance()
        if context is not None and any(
            tower is self for tower in context.towers
        ):
            return super().forward(x, Hints(guidance=context.guidance))
        if self.reduces_in_loss and in_backward():
            refuse_recomputation('the whole vision tower')
        return super().forward(x, reduce=False)

    def release(self) -> VisionTransformer:
        """Turn it back into a plain ViT, in place."""
        self.__dict__.pop('reduces_in_loss', None)
        return super().release()
