# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Optional

import torch
from torch import Tensor

from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView

from .masking import MaskingReducer


@TOKEN_REDUCERS.register_module()
class AttentiveReducer(MaskingReducer):
    """Drop the patches that a slower copy of the tower attends to least.

    The scores come from outside, by ``Hints(scores=...)``;
    :func:`attentive_scores` computes them from an unreduced tower, usually
    the moving average of the trained one. A call without scores keeps all
    patches, so towers that nobody scores are not reduced.

    Args:
        keep_ratio (float): Ratio of the patches that stays, in (0, 1].
            Defaults to 0.5.
        layer (int): The drop happens before this layer. Defaults to 0.

    Source: https://arxiv.org/abs/2212.08653 (A-CLIP).
    """

    needs = ('scores',)

    def __init__(
        self,
        keep_ratio: float = 0.5,
        layer: int = 0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(keep_ratio, layer, init_cfg=init_cfg)

    def score(self, view: LayerView) -> Optional[Tensor]:
        """Take the scores that came with the images."""
        return view.hints.scores


@torch.no_grad()
def attentive_scores(backbone: Any, images: Tensor) -> Tensor:
    """Score patches by the attention of the class token.

    It is averaged over the heads and over all layers, as in A-CLIP. Nothing
    is reduced on the way and dropout rests. Without a class token, a token
    that starts as the mean of the patches asks.

    Args:
        backbone (PrunedViT): The tower that scores.
        images (Tensor): Shape ``(B, 3, H, W)``.

    Returns:
        Tensor: Shape ``(B, P)``, no gradient.
    """
    state = backbone.embed(images)
    tokens, num_prefix = state.tokens, state.num_prefix
    if not state.has_cls:
        tokens = torch.cat([state.mean().unsqueeze(1), tokens], dim=1)
        num_prefix += 1
    scores = tokens.new_zeros(())
    for index, layer in enumerate(backbone.layers):
        scores = scores + layer(tokens, mode='score')
        if index + 1 < backbone.num_layers:
            tokens = layer(tokens, mode='look_ahead')
    return scores[:, num_prefix:] / backbone.num_layers
