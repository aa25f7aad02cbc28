# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Optional, Sequence, Tuple, Union

from torch import nn

from .hosts import Host, find_host

PHASES = ('loss', 'predict')


def choose_host(model: nn.Module, host: Optional[Host], guidance: str) -> Host:
    """Choose the adapter of a model; raise if its text cannot guide.

    Args:
        model (nn.Module): The model.
        host (Host, optional): What the user gave.
        guidance (str): 'auto', 'text' or 'none'.

    Returns:
        Host: The adapter.
    """
    name = type(model).__name__
    if guidance not in ('auto', 'text', 'none'):
        raise ValueError(
            "attach_reducer: guidance must be 'auto', 'text' or 'none', but "
            f'got {guidance!r}.'
        )
    host = host or find_host(model)
    if host is None and guidance != 'none':
        raise ValueError(
            f'{name} has no text tower that attach_reducer knows; set '
            "guidance='none' to rank patches by vision alone, or give a "
            'host, an adapter of your own.'
        )
    if guidance == 'text' and not host.with_text:
        raise ValueError(
            f'{name} has no text tower, so text cannot guide it; set '
            "guidance='none' to rank patches by vision alone."
        )
    if guidance == 'none':
        return _blind(host)
    return host


def _blind(host: Optional[Host]) -> Host:
    """An adapter for the same tower that ignores all text."""
    blind = Host()
    if host is not None:
        blind.tower = host.tower
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
    model: nn.Module, host: Host, towers: Dict[str, nn.Module]
) -> None:
    """Raise if the text of a model is not as wide as its vision towers.

    Args:
        model (nn.Module): The model.
        host (Host): Its adapter.
        towers (dict[str, nn.Module]): By name.
    """
    width = host.text_width(model)
    for name, tower in towers.items():
        if width not in (None, tower.embed_dims):
            raise ValueError(
                f'the text of {type(model).__name__} is {width} wide, but its '
                f'{name} {tower.embed_dims}, so it cannot guide; set '
                "guidance='none' to rank patches by vision alone."
            )
