# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from functools import lru_cache
from typing import Dict, Optional, Sequence, Tuple

from elip_mm.ops import StageSpec, TowerShape, read_budget, solve_counts

# Towers of one size, such as those of a study, share their solutions.
remembered_counts = lru_cache(maxsize=256)(solve_counts)


class KeepBudget:
    """Keeps what a budget of the whole tower allows, at any image size.

    Args:
        text (str): ``'flops:0.75'`` or ``'tokens:0.70'``, see
            :func:`elip_mm.ops.read_budget`.
        stages (Sequence[StageSpec]): Stages, sorted by layer.
    """

    def __init__(self, text: str, stages: Sequence[StageSpec]) -> None:
        self.text = text
        self.budget = read_budget(text)
        self.stages = tuple(stages)
        self.tower: Optional[TowerShape] = None
        self._solved: Dict[int, Tuple[int, ...]] = {}

    def setup(self, tower: TowerShape) -> None:
        """Learn the sizes of the tower; raise if the budget is out of reach.

        Args:
            tower (TowerShape): The tower.
        """
        self.tower = tower
        self._solved = {tower.num_patches: self._solve(tower.num_patches)}

    def counts(self, num_patches: int) -> Tuple[int, ...]:
        """Patch tokens that each stage keeps.

        Args:
            num_patches (int): Patches of the image.

        Returns:
            tuple[int]: The counts.
        """
        known = self._solved.get(num_patches)
        return self._solve(num_patches) if known is None else known

    def _solve(self, num_patches: int) -> Tuple[int, ...]:
        if self.tower is None:
            raise ValueError(
                f'ELIPReducer: budget={self.text!r} depends on the tower, but '
                'this reducer belongs to none; build it as a part of a '
                'PrunedViT.'
            )
        tower = replace(self.tower, num_patches=num_patches)
        return remembered_counts(self.budget, tower, self.stages)
