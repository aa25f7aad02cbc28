# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Optional, Sequence, Tuple, Union

from elip_mm.ops import TowerShape, match_halves, most_merges
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan
from elip_mm.utils.checks import check_choice, check_flag, check_whole

from .base import TokenReducer
from .checks import check_counts


@TOKEN_REDUCERS.register_module()
class ToMeReducer(TokenReducer):
    """Merge the tokens whose keys are most alike, in every layer.

    Between the attention and the feed-forward half, bipartite soft matching
    on the keys, averaged over the heads, pairs tokens off and merges the most
    similar pairs into their mean, weighted by the patches that each token
    stands for. Text plays no part.

    Args:
        num_merge (int or Sequence[int]): Tokens that a layer merges away, or
            one number for each layer. A layer never merges more than half.
            Defaults to 8.
        schedule (str): With one number ``r`` for all layers: ``'constant'``,
            or ``'decreasing'`` from ``2 r`` in the first layer straight down
            to 0 in the last. Fractions are cut, so a few tokens less are
            merged in all: 91 instead of 96 for ``r = 8`` in 12 layers.
            Defaults to 'constant'.
        weigh_by_size (bool): Proportional attention: whether a token is
            attended to as often as the patches it stands for would be.
            Defaults to True.

    Source: https://arxiv.org/abs/2210.09461; counts as in the released code.
    """

    def __init__(
        self,
        num_merge: Union[int, Sequence[int]] = 8,
        schedule: str = 'constant',
        weigh_by_size: bool = True,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self._schedule = check_choice(
            'ToMeReducer: schedule', schedule, ('constant', 'decreasing')
        )
        self._num_merge = _read_merges(num_merge)
        if isinstance(self._num_merge, tuple) and schedule != 'constant':
            raise ValueError(
                f'ToMeReducer: schedule={schedule!r} needs one number in '
                f'num_merge, but got {self._num_merge}; leave one of the two '
                'out.'
            )
        self.weigh_by_size = check_flag(
            'ToMeReducer: weigh_by_size', weigh_by_size
        )

    def setup(self, tower: TowerShape) -> None:
        """Raise a ValueError if there is not one number for each layer."""
        if isinstance(self._num_merge, int):
            return
        if len(self._num_merge) != tower.num_layers:
            raise ValueError(
                f'ToMeReducer: num_merge has {len(self._num_merge)} numbers, '
                f'but the backbone {tower.num_layers} layers; give one for '
                'each, or a single one.'
            )

    def num_merge(self, index: int, num_layers: int) -> int:
        """Tokens that a layer merges away at full strength.

        Args:
            index (int): Index of the layer.
            num_layers (int): Depth of the backbone.

        Returns:
            int: The count, before it is limited to half of the tokens.
        """
        if not isinstance(self._num_merge, int):
            return self._num_merge[index]
        if self._schedule == 'constant' or num_layers < 2:
            return self._num_merge
        # Step by step and cut, in this order, as the released code has it.
        most = 2 * self._num_merge
        return int(most - index * (most / (num_layers - 1)))

    def after_attention(self, view: LayerView) -> Optional[TokenPlan]:
        """Match on the keys of this layer and merge."""
        state = view.state
        total = state.num_patch_tokens
        number = min(
            self.num_merge(view.index, view.num_layers),
            most_merges(total + state.num_prefix, state.num_prefix),
        )
        number = total - self.ease(total, total - number)
        if number == 0:
            return None
        return match_halves(
            view.require_trace().mean_key(),
            state.sizes,
            number,
            state.num_prefix,
        )


def _read_merges(num_merge: Any) -> Union[int, Tuple[int, ...]]:
    """One number for all layers, or one for each."""
    if hasattr(num_merge, '__len__') and not isinstance(num_merge, str):
        return check_counts('ToMeReducer', 'num_merge', num_merge)
    return check_whole('ToMeReducer: num_merge', num_merge)
