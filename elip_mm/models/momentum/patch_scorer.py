# Copyright (c) elip_mm contributors. All rights reserved.
import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor, nn

from elip_mm.models.reducers import attentive_scores
from elip_mm.registry import MODELS


@MODELS.register_module()
class MomentumPatchScorer(nn.Module):
    """Scores patches by the attention of a moving average of the tower.

    Made for ``AttentiveReducer``; any model can have it as its
    ``patch_scorer``. The averaged tower sees every patch, without gradient,
    so each step pays one plain forward pass more. It is part of checkpoints.

    Args:
        tower (nn.Module): The tower that is trained, a :class:`PrunedViT`;
            the model gives it.
        momentum (float): Ratio of the trained tower that enters the moving
            average in each step. Defaults to 0.004.

    Source: A-CLIP, https://arxiv.org/abs/2212.08653.
    """

    def __init__(self, tower: nn.Module, momentum: float = 0.004) -> None:
        super().__init__()
        # Not a submodule: it would be in checkpoints twice.
        self._tower = (tower,)
        # Its first update copies the tower, whatever weights that has then.
        self.average = ExponentialMovingAverage(tower, momentum=momentum)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Score every patch; in training the average takes its step first.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.

        Returns:
            Tensor: Shape ``(B, P)``, no gradient.
        """
        if self.training or not self.average.steps:
            self.average.update_parameters(self._tower[0])
        return attentive_scores(self.average.module, images)
