# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Tuple

from mmengine.model import BaseModule

from elip_mm.ops import TowerShape, ease_count
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan
from elip_mm.utils.checks import check_number


@TOKEN_REDUCERS.register_module()
class TokenReducer(BaseModule):
    """Answers one question at two places in a layer: where do tokens go?

    A strategy overrides :meth:`before_layer`, :meth:`after_attention` or
    both. It looks at a :class:`LayerView` and returns a :class:`TokenPlan`,
    or None for "keep everything", which is what this class does. It never
    touches tokens itself: the backbone applies the plan.

    Attributes:
        weigh_by_size (bool): Whether a token that stands for several patches
            is attended to as often (proportional attention).
        needs (tuple[str]): Names of the hints that the strategy looks at:
            ``'guidance'``, ``'scores'`` and names in ``SIGNALS``, among them
            ``'sample_keys'``, from which all random choices follow. Signals
            are computed when they are needed and missing.
        strength (float): 0 keeps all tokens, 1 keeps the configured number.
    """

    weigh_by_size = False
    needs: Tuple[str, ...] = ()

    def __init__(self, init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self._strength = 1.0

    def setup(self, tower: TowerShape) -> None:
        """Learn the sizes of the tower, once, when both are built.

        Args:
            tower (TowerShape): The tower.

        Raises:
            ValueError: If the strategy does not fit the tower.
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
        """float: How far the reduction is eased in, from 0 to 1."""
        return self._strength

    def set_strength(self, strength: float) -> None:
        """Set how far the reduction is eased in.

        Args:
            strength (float): From 0 (all tokens stay) to 1 (as configured).
        """
        self._strength = check_number(
            f'{type(self).__name__}: the strength', strength, 0, 1
        )

    def ease(self, total: int, num_keep: int) -> int:
        """Number of tokens to keep at the current strength.

        Args:
            total (int): Patch tokens that are there.
            num_keep (int): Patch tokens to keep at full strength.

        Returns:
            int: Between ``num_keep`` and ``total``.
        """
        return ease_count(total, num_keep, self._strength)
