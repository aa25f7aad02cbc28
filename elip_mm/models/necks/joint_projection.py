# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.registry import MODELS


@MODELS.register_module()
class JointProjection(BaseModule):
    """Linear map without bias into the joint space of image and text.

    Args:
        in_channels (int): Width ``C`` of the tower.
        out_channels (int): Width ``E`` of the joint space.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.proj = nn.Parameter(
            torch.randn(in_channels, out_channels) * in_channels**-0.5
        )

    def forward(self, features: Tensor, transposed: bool = False) -> Tensor:
        """Project features, or bring joint features back to tower width.

        Args:
            features (Tensor): Shape ``(B, C)``, or ``(B, E)`` if transposed.
            transposed (bool): Use the transposed matrix. Defaults to False.

        Returns:
            Tensor: Shape ``(B, E)``, or ``(B, C)`` if transposed.
        """
        return features @ (self.proj.t() if transposed else self.proj)
