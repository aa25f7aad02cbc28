# Copyright (c) elip_mm contributors. All rights reserved.
from .feature_queue import FeatureQueue
from .momentum_encoder import MomentumEncoder, complete_momentum
from .patch_scorer import MomentumPatchScorer

__all__ = [
    'FeatureQueue',
    'MomentumEncoder',
    'MomentumPatchScorer',
    'complete_momentum',
]
