# Copyright (c) elip_mm contributors. All rights reserved.
"""What happens to a checkpoint: read, checked, written, found."""

from .atomic import AtomicLocalBackend
from .checkpoint_hook import CheckpointHook
from .complete import check_complete
from .contents import find_weights
from .finding import find_resumable_checkpoint, read_last_checkpoint
from .loading import use_safe_loading
from .plain_data import from_plain, to_plain
from .pretrained import PretrainedInit, has_pretrained, pretrained_last
from .reading import load_checkpoint_file
from .strict_check import check_state_dict

__all__ = [
    'AtomicLocalBackend',
    'CheckpointHook',
    'PretrainedInit',
    'check_complete',
    'check_state_dict',
    'find_resumable_checkpoint',
    'find_weights',
    'from_plain',
    'has_pretrained',
    'load_checkpoint_file',
    'pretrained_last',
    'read_last_checkpoint',
    'to_plain',
    'use_safe_loading',
]
