# Copyright (c) elip_mm contributors. All rights reserved.
import math
from typing import Dict, Optional

import torch
from mmengine.dist import get_rank
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.models.losses import gather_rows, softmax_pair_loss
from elip_mm.registry import MODELS
from elip_mm.structures import PairFeatures
from elip_mm.utils.precision import similarity


@MODELS.register_module()
class ContrastiveHead(BaseModule):
    """Symmetric InfoNCE over the global batch.

    Args:
        init_scale (float): Initial inverse temperature. Defaults to 1/0.07.
        max_scale (float): Upper bound of the inverse temperature; the lower
            one is 1. Defaults to 100.

    Source: CLIP, https://arxiv.org/abs/2103.00020.
    """

    undecayed = ('logit_scale',)

    def __init__(
        self,
        init_scale: float = 1 / 0.07,
        max_scale: float = 100.0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(init_scale)))
        self.max_log_scale = math.log(max_scale)

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): Local pairs.

        Returns:
            dict[str, Tensor]: ``loss_contrastive``, and for the log
            ``temperature`` and ``contrastive_acc``, the share of local images
            whose own text is the nearest of the global batch.
        """
        self.clamp_scale()
        image, text = pairs.need('image_embed'), pairs.need('text_embed')
        all_image, all_text = gather_rows(image), gather_rows(text)
        scale = self.logit_scale.exp()
        first = get_rank() * len(image)
        loss = softmax_pair_loss(
            image, text, all_image, all_text, scale, first
        )
        with torch.no_grad():
            nearest = similarity(image, all_text).argmax(dim=1)
            own = torch.arange(len(image), device=image.device) + first
            accuracy = (nearest == own).float().mean()
        return dict(
            loss_contrastive=loss,
            temperature=1 / scale.detach(),
            contrastive_acc=accuracy,
        )

    @torch.no_grad()
    def clamp_scale(self) -> None:
        """Bring the scale back into its bounds.

        Done before a forward pass instead of after the optimiser's step: the
        same for every forward, and no hook has to know about it.
        """
        self.logit_scale.clamp_(0, self.max_log_scale)
