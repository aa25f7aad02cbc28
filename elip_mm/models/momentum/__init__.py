# Copyright (c) elip_mm contributors. All rights reserved.
from .feature_queue import FeatureQueue
from .momentum_twin import MomentumTwin, complete_twin

__all__ = ['FeatureQueue', 'MomentumTwin', 'complete_twin']
