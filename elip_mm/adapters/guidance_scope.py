# Copyright (c) elip_mm contributors. All rights reserved.
"""How guidance reaches a tower inside a model that knows nothing of it."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

from torch import Tensor, nn

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints


@dataclass(frozen=True)
class GuidanceContext:
    """What towers are told while their host works on one batch.

    Args:
        host (nn.Module): The model whose method runs.
        towers (tuple[nn.Module]): Those that shall reduce.
        guidance (Tensor, optional): Text in vision width, one row an image,
            shape ``(B, C)``. Defaults to None.
    """

    adapter: nn.Module
    towers: Tuple[nn.Module, ...]
    guidance: Optional[Tensor] = None


_CUE: ContextVar[Optional[GuidanceContext]] = ContextVar(
    'elip_mm_guidance', default=None
)


def current_guidance() -> Optional[GuidanceContext]:
    """The context of the innermost :func:`guidance_scope` block, or None."""
    return _CUE.get()


@contextmanager
def guidance_scope(context: GuidanceContext) -> Iterator[None]:
    """Let towers see a context for the length of a with-block.

    Args:
        context (GuidanceContext): Ends with the block, whatever happens in
            it.
    """
    token = _CUE.set(context)
    try:
        yield
    finally:
        _CUE.reset(token)


class AdaptedViT(PrunedViT):
    """A pruned tower in a host that calls it with images alone.

    It reduces where the context names it, and is the plain ViT
    everywhere else.
    """

    def forward(self, x: Tensor) -> Tuple[Tensor, ...]:
        """Encode images, shape ``(B, 3, H, W)``, as the context says."""
        context = current_guidance()
        if context is None or not any(
            tower is self for tower in context.towers
        ):
            return super().forward(x, reduce=False)
        return super().forward(x, Hints(guidance=context.guidance))
