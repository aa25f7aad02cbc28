# Copyright (c) elip_mm contributors. All rights reserved.
"""What happens to a checkpoint: read, checked, written, found."""

from .checkpoint_guard_hook import CheckpointGuardHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .reading import load_checkpoint_file
from .safe_checkpoint_hook import AtomicLocalBackend, SafeCheckpointHook
from .strict_check import check_state_dict, find_resumable_checkpoint

__all__ = [
    'AtomicLocalBackend',
    'CheckpointGuardHook',
    'PlainCheckpointHook',
    'SafeCheckpointHook',
    'check_state_dict',
    'find_resumable_checkpoint',
    'load_checkpoint_file',
]
