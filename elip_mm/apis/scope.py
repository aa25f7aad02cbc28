# Copyright (c) elip_mm contributors. All rights reserved.
"""How guidance reaches a tower inside a model that knows nothing of it."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

from torch import Tensor, nn

from elip_mm.models.backbones import PrunedViT


@dataclass(frozen=True)
class Cue:
    """What towers are told while their host works on one batch.

    Args:
        host (nn.Module): The model whose method runs.
        towers (tuple[nn.Module]): Those that shall reduce.
        guidance (Tensor, optional): Text in vision width, one row an image,
            shape ``(B, C)``. Defaults to None.
    """

    host: nn.Module
    towers: Tuple[nn.Module, ...]
    guidance: Optional[Tensor] = None


_CUE: ContextVar[Optional[Cue]] = ContextVar('elip_mm_cue', default=None)


def current_cue() -> Optional[Cue]:
    """The cue of the innermost :func:`give_cue` block, or None."""
    return _CUE.get()


@contextmanager
def give_cue(cue: Cue) -> Iterator[None]:
    """Let towers see a cue for the length of a with-block.

    Args:
        cue (Cue): The cue. It ends with the block, whatever happens in it.
    """
    token = _CUE.set(cue)
    try:
        yield
    finally:
        _CUE.reset(token)


class HostedViT(PrunedViT):
    """A pruned tower in a host that calls it with images alone.

    It reduces where a cue of its host names it, and is the plain ViT
    everywhere else.
    """

    def forward(self, x: Tensor) -> Tuple[Tensor, ...]:
        """Encode images, shape ``(B, 3, H, W)``, as the current cue says."""
        cue = current_cue()
        if cue is None or not any(tower is self for tower in cue.towers):
            return super().forward(x, reduce=False)
        return super().forward(x, cue.guidance)
