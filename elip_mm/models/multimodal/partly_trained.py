# Copyright (c) elip_mm contributors. All rights reserved.
from contextlib import nullcontext
from typing import Any, ContextManager, Dict, Optional, Sequence

import torch
from mmengine.model import BaseModel

from elip_mm.models.layers import add_lora


class PartlyTrainedModel(BaseModel):
    """A model of named parts, some of which are trained a little or not.

    Args:
        frozen (Sequence[str]): Names of parts that are not trained: no
            gradient, always in evaluation mode. Defaults to ().
        lora (dict[str, dict], optional): Parts of which only a low-rank
            adaptation is trained, such as ``dict(vision_backbone=dict(rank=8,
            targets=['qkv']))``; settings are those of :func:`add_lora`.
            Defaults to None.
        **kwargs: Those of mmengine's ``BaseModel``.
    """

    def __init__(
        self,
        frozen: Sequence[str] = (),
        lora: Optional[Dict[str, dict]] = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.frozen = tuple(frozen)
        self.lora = dict(lora or {})

    def choose_trained(self) -> None:
        """Freeze and adapt parts; called once all of them are there."""
        for name in self.frozen:
            self._part(name, 'frozen').requires_grad_(False).eval()
        for name, settings in self.lora.items():
            if name in self.frozen:
                raise ValueError(
                    f'{type(self).__name__}: {name} is in frozen and in lora; '
                    'a frozen part cannot be adapted, remove one of the two.'
                )
            add_lora(self._part(name, 'lora'), **settings)

    def _part(self, name: str, setting: str) -> Any:
        parts = dict(self.named_children())
        if name not in parts:
            raise ValueError(
                f'{type(self).__name__}: {setting} names {name!r}, which is '
                f'no part of the model; its parts are {", ".join(parts)}.'
            )
        return parts[name]

    def train(self, mode: bool = True) -> 'PartlyTrainedModel':
        """Switch the mode; frozen parts stay in evaluation mode."""
        super().train(mode)
        for name in self.frozen:
            getattr(self, name).eval()
        return self

    def gradient_of(self, name: str) -> ContextManager:
        """Context in which a part runs: without gradient if it is frozen."""
        return torch.no_grad() if name in self.frozen else nullcontext()
