# Copyright (c) elip_mm contributors. All rights reserved.
from .checkpoint_guard_hook import CheckpointGuardHook
from .efficiency_hook import EfficiencyHook
from .elip_pruning_hook import ELIPPruningHook
from .keyed_randomness_hook import KeyedRandomnessHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .pruning_schedule_hook import PruningScheduleHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .soft_target_hook import SoftTargetHook, soft_share
from .token_map_hook import TokenMapHook
from .token_picture_hook import TokenPictureHook

__all__ = [
    'CheckpointGuardHook',
    'ELIPPruningHook',
    'EfficiencyHook',
    'KeyedRandomnessHook',
    'PlainCheckpointHook',
    'PruningScheduleHook',
    'SafeCheckpointHook',
    'SoftTargetHook',
    'TokenMapHook',
    'TokenPictureHook',
    'soft_share',
]
