# Copyright (c) elip_mm contributors. All rights reserved.
from .checkpoint_guard_hook import CheckpointGuardHook
from .keyed_randomness_hook import KeyedRandomnessHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .safe_checkpoint_hook import SafeCheckpointHook

__all__ = [
    'CheckpointGuardHook',
    'KeyedRandomnessHook',
    'PlainCheckpointHook',
    'SafeCheckpointHook',
]
