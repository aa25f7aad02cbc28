# Copyright (c) elip_mm contributors. All rights reserved.
"""Watching what a backbone decides, from outside."""

from typing import List

import torch
from torch import Tensor

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import TokenPlan


class Recorder:
    """Keeps the scores and plans of every stage of a backbone's passes.

    Args:
        backbone (PrunedViT): Its ``look_ahead`` and its reducer's
            ``before_layer`` are wrapped on the instance.
    """

    def __init__(self, backbone: PrunedViT) -> None:
        self.scores: List[Tensor] = []
        self.plans: List[TokenPlan] = []
        look_ahead, decide = backbone.look_ahead, backbone.reducer.before_layer

        def watched_look_ahead(index, probe, depth):
            scores = look_ahead(index, probe, depth)
            self.scores.append(scores[:, 1:])
            return scores

        def watched_decide(view):
            plan = decide(view)
            if plan is not None:
                self.plans.append(plan)
            return plan

        backbone.look_ahead = watched_look_ahead
        backbone.reducer.before_layer = watched_decide

    @property
    def kept(self) -> List[Tensor]:
        """Positions that each stage kept, ascending, prefix left out."""
        return [kept_positions(plan) for plan in self.plans]


def kept_positions(plan: TokenPlan) -> Tensor:
    """Old positions of the tokens that a keep-and-fuse plan keeps.

    Args:
        plan (TokenPlan): The fused token is the last of the new ones, the
            class token the first.

    Returns:
        Tensor: Shape ``(B, K)``, ascending.
    """
    kept = (plan.target > 0) & (plan.target < plan.num_tokens - 1)
    return torch.stack([row.nonzero().flatten() for row in kept])
