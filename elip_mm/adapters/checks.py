# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Optional, Sequence, Tuple, Union

from torch import nn

from .base import ModelAdapter
from .finding import find_adapter

PHASES = ('loss', 'predict')


def choose_adapter(
    model: nn.Module, adapter: Optional[ModelAdapter], guidance: str
) -> ModelAdapter:
    """Choose the adapter of a model; raise if its text cannot guide.

    Args:
        model (nn.Module): The model.
        adapter (ModelAdapter, optional): What the user gave.
        guidance (str): 'auto', 'text' or 'none'.

    Returns:
        ModelAdapter: The adapter.
    """
    name = type(model).__name__
    if guidance not in ('auto', 'text', 'none'):
        raise ValueError(
            "attach_reducer: guidance must be 'auto', 'text' or 'none', but "
            f'got {guidance!r}.'
        )
    adapter = adapter or find_adapter(model)
    if guidance == 'none':
        return _blind(adapter)
    if adapter is None:
        raise ValueError(
            f'{name} has no text tower that attach_reducer knows; set '
            "guidance='none' to rank patches by vision alone, or give an "
            'adapter of your own, a subclass of ModelAdapter.'
        )
    if guidance == 'text' and not adapter.with_text:
        raise ValueError(
            f'{name} has no text tower, so text cannot guide it; set '
            "guidance='none' to rank patches by vision alone."
        )
    return adapter


def _blind(adapter: Optional[ModelAdapter]) -> ModelAdapter:
    """An adapter for the same tower that ignores all text."""
    blind = ModelAdapter()
    if adapter is not None:
        blind.tower = adapter.tower
    return blind


def check_during(
    model: nn.Module, during: Union[str, Sequence[str]]
) -> Tuple[str, ...]:
    """Check when to reduce; raise if the model has no such method.

    Args:
        model (nn.Module): The model.
        during (str or Sequence[str]): Some of 'loss' and 'predict'.

    Returns:
        tuple[str]: The same as a tuple.
    """
    during = (during,) if isinstance(during, str) else tuple(during)
    if not during or not set(during) <= set(PHASES):
        raise ValueError(
            f'attach_reducer: during must name some of {PHASES}, but got '
            f'{during}.'
        )
    name = type(model).__name__
    missing = [phase for phase in during if not hasattr(model, phase)]
    if missing:
        raise ValueError(
            f'{name} has no method {missing[0]!r} to reduce in; set during '
            f'to {tuple(p for p in PHASES if hasattr(model, p))}.'
        )
    return during


def check_width(
    model: nn.Module, adapter: ModelAdapter, towers: Dict[str, nn.Module]
) -> None:
    """Raise if the text of a model is not as wide as its vision towers.

    Args:
        model (nn.Module): The model.
        adapter (ModelAdapter): Its adapter.
        towers (dict[str, nn.Module]): By name.
    """
    width = adapter.text_width(model)
    for name, tower in towers.items():
        if width not in (None, tower.embed_dims):
            raise ValueError(
                f'the text of {type(model).__name__} is {width} wide, but its '
                f'{name} {tower.embed_dims}, so it cannot guide; set '
                "guidance='none' to rank patches by vision alone."
            )
