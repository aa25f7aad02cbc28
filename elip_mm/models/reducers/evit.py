# Copyright (c) elip_mm contributors. All rights reserved.
import math
from typing import Optional, Sequence

from elip_mm.ops import TowerShape, keep_and_fuse
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
            in (0, 1]; rounded up. Defaults to 0.7.

    Source: https://arxiv.org/abs/2202.07800.
    """

    def __init__(
        self,
        layers: Sequence[int] = (3, 6, 9),
        keep_ratio: float = 0.7,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self._layers = frozenset(check_counts('EViTReducer', 'layers', layers))
        self._keep_ratio = check_ratio('EViTReducer', 'keep_ratio', keep_ratio)

    def setup(self, tower: TowerShape) -> None:
        """Raise a ValueError if a layer does not exist."""
        check_layers('EViTReducer', self._layers, tower.num_layers)

    def after_attention(self, view: LayerView) -> Optional[TokenPlan]:
        """Rank by the attention of this layer and fuse what is ranked low."""
        if view.index not in self._layers:
            return None
        state = view.state
        total = state.num_patch_tokens
        # The epsilon keeps 0.7 * 10, which is 7.000000000000001, at 7.
        goal = max(1, math.ceil(self._keep_ratio * total - 1e-9))
        num_keep = self.ease(total, goal)
        if num_keep >= total:
            return None
        if state.has_cls:
            scores = view.require_trace().attention_from(0)
        else:
            scores = view.require_trace().attention_from_mean()
        return keep_and_fuse(
            scores, num_keep, num_prefix=state.num_prefix, normalize=False
        )
