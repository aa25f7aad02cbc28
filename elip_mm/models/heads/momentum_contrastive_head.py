# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

import torch
from mmengine.model import BaseModule
from torch import Tensor

from elip_mm.models.losses import soft_target_loss
from elip_mm.registry import MODELS
from elip_mm.structures import MomentumFeatures, PairFeatures
from elip_mm.utils.precision import similarity


@MODELS.register_module()
class MomentumContrastiveHead(BaseModule):
    """Image-text contrast with momentum features and soft targets.

    It has no weights: temperature and queue belong to the model, since
    matching needs the same similarities.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 3.3.
    """

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): Local pairs.

        Returns:
            dict[str, Tensor]: ``loss_itc``, and for the log ``temperature``,
            ``alpha`` and ``itc_acc``, the share of local images whose own
            text is the nearest candidate.
        """
        momentum = pairs.need('momentum')
        to_text, nearest = _one_way(
            momentum,
            pairs.need('image_embed'),
            momentum.image_embed,
            momentum.text_candidates,
        )
        to_image, _ = _one_way(
            momentum,
            pairs.need('text_embed'),
            momentum.text_embed,
            momentum.image_candidates,
        )
        return dict(
            loss_itc=(to_text + to_image) / 2,
            temperature=momentum.temperature.detach().clone(),
            alpha=momentum.alpha.clone(),
            itc_acc=(nearest == momentum.own).float().mean(),
        )


def _one_way(
    momentum: MomentumFeatures, query: Tensor, soft_query: Tensor, bank: Tensor
):
    """Loss of one direction, and the nearest candidate of each query."""
    logits = similarity(query, bank) / momentum.temperature
    with torch.no_grad():
        soft = similarity(soft_query, bank) / momentum.temperature
    loss = soft_target_loss(logits, soft, momentum.own, momentum.alpha)
    return loss, logits.detach().argmax(dim=1)
