# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

from mmengine.model import BaseModule

from elip_mm.ops import TowerShape, ease_count
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan


@TOKEN_REDUCERS.register_module()
class TokenReducer(BaseModule):
    """Answers one question at two moments: where does each token go?

    A strategy overrides :meth:`before_layer`, :meth:`after_attention` or
    both. It looks at a :class:`LayerView` and returns a :class:`TokenPlan`,
    or None for "keep everything", which is what this class does. It never
    touches tokens itself: the backbone applies the plan.

    Attributes:
        weigh_by_size (bool): Whether a token that stands for several patches
            is attended to as often (proportional attention).
        draws (bool): Whether the strategy chooses at random. Its view then
            carries one key an image, from which all choices follow.
        strength (float): 0 keeps all tokens, 1 keeps the configured number.
    """

    weigh_by_size = False
    is_random = False

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self._strength = 1.0

    def check(self, num_layers: int, embed_dims: int) -> None:
        """Raise a ValueError if the strategy does not fit a backbone.

        Args:
            num_layers (int): Depth of the backbone.
            embed_dims (int): Width of the backbone.
        """

    def fit(
        self, shape: TowerShape, num_patches: int, num_prefix: int
    ) -> None:
        """Learn the sizes of the backbone, once and after :meth:`check`.

        Args:
            shape (TowerShape): The backbone.
            num_patches (int): Patches of an image of the configured size.
            num_prefix (int): Class token and registers.
        """

    def before_layer(self, view: LayerView) -> Optional[TokenPlan]:
        """Decide before a layer runs.

        Args:
            view (LayerView): What may be looked at; ``trace`` is None.

        Returns:
            TokenPlan or None: None keeps everything.
        """

    def after_attention(self, view: LayerView) -> Optional[TokenPlan]:
        """Decide between the attention and the feed-forward half.

        Args:
            view (LayerView): What may be looked at, ``trace`` included.

        Returns:
            TokenPlan or None: None keeps everything.
        """

    @property
    def strength(self) -> float:
        return self._strength

    def set_strength(self, strength: float) -> None:
        """Set how far the reduction is eased in.

        Args:
            strength (float): From 0 (all tokens stay) to 1 (as configured).
        """
        if not 0 <= strength <= 1:
            raise ValueError(
                f'{type(self).__name__}: the strength must lie '
                f'in [0, 1], but got {strength}.'
            )
        self._strength = float(strength)

    def ease(self, total: int, num_keep: int) -> int:
        """Number of tokens to keep at the current strength.

        Args:
            total (int): Patch tokens that are there.
            num_keep (int): Patch tokens to keep at full strength.

        Returns:
            int: Between ``num_keep`` and ``total``.
        """
        return ease_count(total, num_keep, self._strength)
