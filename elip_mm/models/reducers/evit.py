# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Sequence

from elip_mm.ops import TowerShape, keep_and_fuse, round_ratio_up
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan

from .base import TokenReducer
from .checks import check_counts, check_layers, check_ratio


@TOKEN_REDUCERS.register_module()
class EViTReducer(TokenReducer):
    """Fuse the patches that the class token attends to least.

    Between the attention and the feed-forward half of some layers, the
    patches are ranked by the attention that the class token has just paid
    them. The others become one token, their sum weighted by that attention.
    Where there is no class token, the mean query of the patches asks.

    Args:
        layers (Sequence[int]): Layers that reduce, counted from 0. Defaults
            to (3, 6, 9), for 12 layers.
        keep_ratio (float): Ratio of the *current* patch tokens that stays,
            in (0, 1]; see :func:`elip_mm.ops.round_ratio_up`. Defaults to
            0.7.
        detach_weights (bool): Whether the fusing weights are constants in
            the backward pass, as in ELIP. Defaults to False, as published:
            the loss also trains the attention that weights the sum.

    Source: https://arxiv.org/abs/2202.07800 and its released code.
    """

    def __init__(
        self,
        layers: Sequence[int] = (3, 6, 9),
        keep_ratio: float = 0.7,
        detach_weights: bool = False,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self._layers = frozenset(check_counts('EViTReducer', 'layers', layers))
        self._keep_ratio = check_ratio('EViTReducer', 'keep_ratio', keep_ratio)
        self._with_grad = not detach_weights

    def setup(self, tower: TowerShape) -> None:
        """Raise a ValueError if a layer does not exist."""
        check_layers('EViTReducer', self._layers, tower.num_layers)

    def after_attention(self, view: LayerView) -> Optional[TokenPlan]:
        """Rank by the attention of this layer and fuse what is ranked low."""
        if view.index not in self._layers:
            return None
        state = view.state
        total = state.num_patch_tokens
        goal = round_ratio_up(self._keep_ratio, total)
        num_keep = self.ease(total, goal)
        if num_keep >= total:
            return None
        trace = view.require_trace()
        if state.has_cls:
            scores = trace.attention_from(0, self._with_grad)
        else:
            scores = trace.attention_from_mean(self._with_grad)
        return keep_and_fuse(
            scores, num_keep, num_prefix=state.num_prefix, normalize=False
        )
