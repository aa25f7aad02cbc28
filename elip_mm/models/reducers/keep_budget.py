# Copyright (c) elip_mm contributors. All rights reserved.
from functools import lru_cache
from typing import Dict, Optional, Sequence, Tuple

from elip_mm.ops import StageSpec, TowerShape, read_budget, solve_counts

# Towers of one size, such as those of a comparison, share their solutions.
remembered_counts = lru_cache(maxsize=256)(solve_counts)


class KeepBudget:
    """Keeps what a budget of the whole tower allows, at any image size.

    Args:
        text (str): ``'flops:0.75'`` or ``'tokens:0.70'``, see
            :func:`elip_mm.ops.read_budget`.
        moments (Sequence[StageSpec]): Stages, sorted by layer.
    """

    def __init__(self, text: str, moments: Sequence[StageSpec]) -> None:
        self.text = text
        self.budget = read_budget(text)
        self.moments = tuple(moments)
        self.shape: Optional[TowerShape] = None
        self.num_prefix = 1
        self._solved: Dict[int, Tuple[int, ...]] = {}

    def fit(
        self, shape: TowerShape, num_patches: int, num_prefix: int
    ) -> None:
        """Learn the sizes of the tower; raise if the budget is out of reach.

        Args:
            shape (TowerShape): The tower.
            num_patches (int): Patches of an image of the configured size.
            num_prefix (int): Class token and registers.
        """
        self.shape, self.num_prefix = shape, num_prefix
        self._solved = {num_patches: self._solve(num_patches)}

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
        if self.shape is None:
            raise ValueError(
                f'ELIPReducer: budget={self.text!r} depends on the tower, but '
                'this reducer belongs to none; build it as a part of a '
                'PrunedViT.'
            )
        return remembered_counts(
            self.budget,
            self.shape,
            self.moments,
            num_patches,
            self.num_prefix,
        )
