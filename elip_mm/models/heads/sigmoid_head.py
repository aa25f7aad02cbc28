# Copyright (c) elip_mm contributors. All rights reserved.
import math
from typing import Dict, Optional

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.models.losses import global_sigmoid_loss
from elip_mm.registry import MODELS
from elip_mm.structures import PairFeatures
from elip_mm.utils.precision import similarity


@MODELS.register_module()
class SigmoidHead(BaseModule):
    """Every pair of the global batch is a yes-or-no question of its own.

    Args:
        init_scale (float): Initial inverse temperature. Defaults to 10.
        init_bias (float): Initial bias of the logits; it stands for how rare
            a match is. Defaults to -10.
        max_scale (float): Upper bound of the inverse temperature; the lower
            one is 1. Defaults to 100.
        chunk_size (int, optional): Texts that are compared at a time.
            Defaults to None, those of one process.

    Source: SigLIP, https://arxiv.org/abs/2303.15343.
    """

    undecayed = ('logit_scale', 'logit_bias')

    def __init__(
        self,
        init_scale: float = 10.0,
        init_bias: float = -10.0,
        max_scale: float = 100.0,
        chunk_size: Optional[int] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(
                'SigmoidHead: chunk_size must be a positive number of texts '
                f'or None, but got {chunk_size}.'
            )
        self.logit_scale = nn.Parameter(torch.tensor(math.log(init_scale)))
        self.logit_bias = nn.Parameter(torch.tensor(float(init_bias)))
        self.max_log_scale = math.log(max_scale)
        self.chunk_size = chunk_size

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): Local pairs.

        Returns:
            dict[str, Tensor]: ``loss_sigmoid``, and for the log
            ``temperature``, ``logit_bias`` and ``contrastive_acc``, the share
            of local images whose own text is the nearest *local* one: no
            process holds all texts.
        """
        self.clamp_scale()
        image, text = pairs.need('image_embed'), pairs.need('text_embed')
        scale = self.logit_scale.exp()
        loss = global_sigmoid_loss(
            image, text, scale, self.logit_bias, self.chunk_size
        )
        with torch.no_grad():
            nearest = similarity(image, text).argmax(dim=1)
            own = torch.arange(len(image), device=image.device)
            accuracy = (nearest == own).float().mean()
        return dict(
            loss_sigmoid=loss,
            temperature=1 / scale.detach(),
            logit_bias=self.logit_bias.detach(),
            contrastive_acc=accuracy,
        )

    @torch.no_grad()
    def clamp_scale(self) -> None:
        """Bring the scale back into its bounds, as in CLIP's head."""
        self.logit_scale.clamp_(0, self.max_log_scale)
