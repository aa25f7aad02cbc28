# Copyright (c) elip_mm contributors. All rights reserved.
from .efficiency_hook import EfficiencyHook
from .elip_pruning_hook import ELIPPruningHook
from .keyed_randomness_hook import KeyedRandomnessHook
from .non_finite_hook import NonFiniteHook
from .pruning_schedule_hook import PruningScheduleHook
from .soft_target_hook import SoftTargetHook, soft_share
from .token_visualization_hook import TokenVisualizationHook

__all__ = [
    'ELIPPruningHook',
    'EfficiencyHook',
    'KeyedRandomnessHook',
    'NonFiniteHook',
    'PruningScheduleHook',
    'SoftTargetHook',
    'TokenVisualizationHook',
    'soft_share',
]
