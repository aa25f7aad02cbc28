# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.registry import MODELS
from elip_mm.structures import TextFeatures


@MODELS.register_module()
class TextCLSGuidance(BaseModule):
    """Guide vision by the sentence feature as it is.

    Used where text and vision have the same width (ALBEF, BLIP, METER).
    """

    def check(
        self, text_dims: int, vision_dims: int, projection: Optional[nn.Module]
    ) -> None:
        """Raise a ValueError if the feature does not fit the vision tower.

        Args:
            text_dims (int): Width of the text encoder.
            vision_dims (int): Width of the vision backbone.
            projection (nn.Module, optional): The vision neck.
        """
        if text_dims != vision_dims:
            raise ValueError(
                f'TextCLSGuidance: the text encoder is {text_dims} wide, but '
                f'the vision backbone {vision_dims}; make the widths equal, '
                'or use TiedProjectionGuidance with a vision_neck and a '
                'text_neck.'
            )

    def forward(
        self, text: TextFeatures, projection: Optional[nn.Module]
    ) -> Tensor:
        """Turn a text feature into guidance.

        Args:
            text (TextFeatures): Features of ``B`` captions.
            projection (nn.Module, optional): The vision neck, not used.

        Returns:
            Tensor: Shape ``(B, C)``, no gradient.
        """
        return text.pooled.detach()
