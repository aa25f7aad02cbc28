# Copyright (c) elip_mm contributors. All rights reserved.
import torch.nn.functional as F
from torch import Tensor

from elip_mm.registry import MODELS
from elip_mm.structures import TokenState

from .clip import CLIPPretrainer


@MODELS.register_module()
class SigLIPPretrainer(CLIPPretrainer):
    """CLIP's two towers under the sigmoid loss.

    The image tower may be CLIP's, with a class token and a
    :class:`JointProjection`, or SigLIP's own, without class token and with
    :class:`AttentionPooling`. In the second case the look-ahead of ELIP gets
    a summary token that exists nowhere else.

    Args:
        **kwargs: Those of :class:`LanguageImagePretrainer`. The usual heads
            are ``dict(sigmoid=dict(type='elip_mm.SigmoidHead'))``.

    Source: SigLIP, https://arxiv.org/abs/2303.15343; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    def embed_image(self, vision: TokenState) -> Tensor:
        """Bring images to the joint space, unit norm, shape ``(B, E)``."""
        if not getattr(self.vision_neck, 'pools', False):
            return super().embed_image(vision)
        return F.normalize(self.vision_neck(vision.tokens), dim=-1)
