# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor

from elip_mm.models.reducers import attentive_scores
from elip_mm.registry import MODELS
from elip_mm.structures import Hints, TokenState

from .clip import CLIPPretrainer


@MODELS.register_module()
class AttentiveCLIPPretrainer(CLIPPretrainer):
    """CLIP whose patches are scored by a moving average of its image tower.

    Made for ``AttentiveReducer``. The scoring tower sees every patch, without
    gradient, so each step pays one plain forward pass more. It is part of
    checkpoints, under ``scorer.``.

    Args:
        momentum (float): Share of the trained tower that enters the moving
            average in each step. Defaults to 0.004.
        **kwargs: Those of :class:`CLIPPretrainer`; no ``guidance`` is needed.

    Source: A-CLIP, https://arxiv.org/abs/2212.08653.
    """

    # The moving average would take a step a chunk.
    chunkable = False

    def __init__(self, momentum: float = 0.004, **kwargs) -> None:
        super().__init__(**kwargs)
        # Its first update copies the tower, whatever weights that has then.
        self.scorer = ExponentialMovingAverage(
            self.vision_backbone, momentum=momentum
        )

    def encode_image(
        self,
        images: Tensor,
        guidance: Optional[Tensor] = None,
        reduce: bool = True,
    ) -> TokenState:
        """Score patches, then encode; arguments as in the parent."""
        scores = self.score_images(images) if reduce else None
        return self.vision_backbone.encode(
            images, Hints(guidance=guidance, scores=scores), reduce
        )

    @torch.no_grad()
    def score_images(self, images: Tensor) -> Tensor:
        """Importance of every patch.

        In training, the moving average takes its step first.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.

        Returns:
            Tensor: Shape ``(B, P)``, no gradient.
        """
        if self.training or not self.scorer.steps:
            self.scorer.update_parameters(self.vision_backbone)
        return attentive_scores(self.scorer.module, images)
