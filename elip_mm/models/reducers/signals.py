# Copyright (c) elip_mm contributors. All rights reserved.
"""What reducers may want to know of an image beyond its tokens.

A signal is a class in ``SIGNALS``, built without arguments and called as
``signal(images, text, tower)``: images of shape ``(B, 3, H, W)``, the
:class:`TextFeatures` of their captions or None, and the tower that reduces.
It returns one row per image, or None if it cannot tell. A reducer names the
signals that it looks at in ``needs`` and reads them from ``view.hints``.
"""

from typing import Any, Optional, Sequence

import torch
from torch import Tensor, nn

from elip_mm.ops import hash_images
from elip_mm.registry import SIGNALS
from elip_mm.structures import Hints, TextFeatures

# Given by whoever calls the tower, unless a signal of that name is registered.
_GIVEN = ('guidance', 'scores')


@SIGNALS.register_module(name='sample_keys')
class SampleKeys:
    """One key per image from its pixels, from which random choices follow."""

    def __call__(
        self, images: Tensor, text: Optional[TextFeatures], tower: nn.Module
    ) -> Tensor:
        """Hash the pixels.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            text (TextFeatures, optional): Not looked at.
            tower (nn.Module): Not looked at.

        Returns:
            Tensor: int64, shape ``(B,)``.
        """
        return hash_images(images)


def check_needs(reducer: Any) -> None:
    """Raise a ValueError if nothing can provide what a reducer needs.

    Args:
        reducer (TokenReducer): A strategy, the user's own perhaps.
    """
    name, needs = type(reducer).__name__, reducer.needs
    if isinstance(needs, str):
        raise ValueError(
            f'{name}: needs must be a tuple of names, but is the text '
            f'{needs!r}; write needs = ({needs!r},).'
        )
    for need in needs:
        if need not in _GIVEN and need not in SIGNALS.module_dict:
            known = ', '.join(sorted({*_GIVEN, *SIGNALS.module_dict}))
            raise ValueError(
                f'{name} needs {need!r}, but there is only {known}; register '
                'a signal of that name in SIGNALS, in a module that '
                'custom_imports names.'
            )


@torch.no_grad()
def complete_hints(
    hints: Optional[Hints],
    needs: Sequence[str],
    images: Tensor,
    tower: nn.Module,
    text: Optional[TextFeatures] = None,
) -> Hints:
    """Compute the signals that a reducer needs and that are not there yet.

    The tower calls this for every pass that may reduce. A model that has text
    calls it before, since the tower never sees the text itself.

    Args:
        hints (Hints, optional): What is there already; it stays as it is.
        needs (Sequence[str]): ``needs`` of the reducer.
        images (Tensor): Shape ``(B, 3, H, W)``.
        tower (nn.Module): The :class:`PrunedViT` that reduces.
        text (TextFeatures, optional): Text of the images. Defaults to None.

    Returns:
        Hints: The same, and what could be computed.
    """
    hints = Hints() if hints is None else hints
    for name in needs:
        signal = SIGNALS.module_dict.get(name)
        if signal is None or hints.get(name) is not None:
            continue
        value = signal()(images, text, tower)
        if value is None:
            continue
        if len(value) != len(images):
            raise ValueError(
                f'signal {name!r} must give one row per image, but gave '
                f'{len(value)} for {len(images)} images.'
            )
        hints = hints.put(name, value)
    return hints
