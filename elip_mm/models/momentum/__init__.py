# Copyright (c) elip_mm contributors. All rights reserved.
from .feature_queue import FeatureQueue
from .momentum_encoder import MomentumEncoder, complete_momentum

__all__ = ['FeatureQueue', 'MomentumEncoder', 'complete_momentum']
