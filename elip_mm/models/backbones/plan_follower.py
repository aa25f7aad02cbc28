# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Sequence, Tuple

from elip_mm.structures.token_plan import TakenPlan, TokenPlan, find_plan
from elip_mm.structures.views import LayerView


class PlanFollower:
    """Answers as a reducer does, but repeats what another tower decided.

    It lives for one pass and owns nothing; so it is no module and not in the
    registry of strategies.

    Args:
        taken (Sequence[TakenPlan]): ``TokenState.plans`` of the other tower.
        weigh_by_size (bool): Whether larger tokens are attended to as often
            as the patches they stand for.
    """

    needs: Tuple[str, ...] = ()

    def __init__(
        self, taken: Sequence[TakenPlan], weigh_by_size: bool
    ) -> None:
        self.taken = tuple(taken)
        self.weigh_by_size = weigh_by_size

    def before_layer(self, view: LayerView) -> Optional[TokenPlan]:
        """Plan that the other tower followed before this layer."""
        return self._find(view, 'before_layer')

    def after_attention(self, view: LayerView) -> Optional[TokenPlan]:
        """Plan that the other tower followed within this layer."""
        return self._find(view, 'after_attention')

    def _find(self, view: LayerView, position: str) -> Optional[TokenPlan]:
        plan = find_plan(self.taken, view.index, position)
        expected = view.state.tokens.shape[:2]
        if plan is not None and plan.target.shape != expected:
            raise ValueError(
                f'PlanFollower: the plan for layer {view.index} is for '
                f'{tuple(plan.target.shape)} images and tokens, but there '
                f'are {tuple(expected)}; both towers must see the same '
                'images at the same size.'
            )
        return plan
