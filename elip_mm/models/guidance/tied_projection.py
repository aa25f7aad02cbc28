# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.registry import MODELS
from elip_mm.structures import TextFeatures


@MODELS.register_module()
class TiedProjectionGuidance(BaseModule):
    """Guide vision by the joint text feature, carried back to vision width.

    The bridge is the transposed projection of the vision tower, so no
    parameter is added (CLIP, SigLIP).

    Source: the released CLIP variant of ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    def check(
        self, text_dims: int, vision_dims: int, projection: Optional[nn.Module]
    ) -> None:
        """Raise a ValueError if there is no projection of fitting width.

        Args:
            text_dims (int): Width of the text encoder, not used.
            vision_dims (int): Width of the vision backbone.
            projection (nn.Module, optional): The vision neck.
        """
        width = getattr(projection, 'in_channels', None)
        if width != vision_dims:
            raise ValueError(
                'TiedProjectionGuidance needs a vision_neck of type '
                f'JointProjection with in_channels={vision_dims}, the width '
                f'of the vision backbone, but got {width}.'
            )

    @torch.no_grad()
    def forward(self, text: TextFeatures, projection: nn.Module) -> Tensor:
        """Turn a text feature into guidance.

        Args:
            text (TextFeatures): Features of ``B`` captions; ``embedded`` is
                used.
            projection (nn.Module): The vision neck.

        Returns:
            Tensor: Shape ``(B, C)``, no gradient.
        """
        return projection(text.need('embedded').detach(), transposed=True)
