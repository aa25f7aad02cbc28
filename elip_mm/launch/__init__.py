# Copyright (c) elip_mm contributors. All rights reserved.
"""From a command line to a runner."""

from .arguments import add_common_arguments
from .config import check_checkpoint_path, load_config, use_mixed_precision
from .converter import run_converter
from .runner import build_runner, run_tool
from .setup_env import register_all_modules
from .user_errors import explain, short_errors

__all__ = [
    'add_common_arguments',
    'build_runner',
    'check_checkpoint_path',
    'explain',
    'load_config',
    'register_all_modules',
    'run_converter',
    'run_tool',
    'short_errors',
    'use_mixed_precision',
]
