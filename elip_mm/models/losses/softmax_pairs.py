# Copyright (c) elip_mm contributors. All rights reserved.
import torch
import torch.nn.functional as F
from torch import Tensor

from elip_mm.utils.precision import exact, widen


def softmax_pair_loss(
    image: Tensor,
    text: Tensor,
    all_image: Tensor,
    all_text: Tensor,
    scale: Tensor,
    first: int = 0,
) -> Tensor:
    """Symmetric InfoNCE of local rows against all columns.

    Args:
        image (Tensor): Unit-norm features of the local images, shape
            ``(B, E)``.
        text (Tensor): The same of the local texts, shape ``(B, E)``.
        all_image (Tensor): Images of the global batch, shape ``(G, E)``.
        all_text (Tensor): Texts of the global batch, shape ``(G, E)``.
        scale (Tensor): Inverse temperature itself, not its logarithm.
        first (int): Row of the global batch at which the local ones begin.
            Defaults to 0.

    Returns:
        Tensor: Mean over both directions and the local rows, in nats.

    Source: CLIP, https://arxiv.org/abs/2103.00020.
    """
    # Near the largest scale, one rounding step of bfloat16 is half a nat.
    with exact(image.device):
        image, text = scale * widen(image), scale * widen(text)
        target = torch.arange(len(image), device=image.device) + first
        image_to_text = F.cross_entropy(image @ widen(all_text).t(), target)
        text_to_image = F.cross_entropy(text @ widen(all_image).t(), target)
    return (image_to_text + text_to_image) / 2
