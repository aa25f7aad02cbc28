# Copyright (c) elip_mm contributors. All rights reserved.
from elip_mm.registry import MODELS

from .clip import CLIPPretrainer


@MODELS.register_module()
class SigLIPPretrainer(CLIPPretrainer):
    """CLIP's two towers under the sigmoid loss.

    The image tower may be CLIP's, with a class token and a
    :class:`JointProjection`, or SigLIP's own, without class token and with
    :class:`AttentionPooling`. In the second case the look-ahead of ELIP gets
    a summary token that exists nowhere else.

    Args:
        **kwargs: Those of :class:`CLIPPretrainer`. The usual heads are
            ``dict(sigmoid=dict(type='elip_mm.SigmoidHead'))``.

    Source: SigLIP, https://arxiv.org/abs/2303.15343; ELIP,
    https://arxiv.org/abs/2309.16738.
    """
