# Copyright (c) elip_mm contributors. All rights reserved.
"""From a command line to a runner."""

from .setup_env import register_all_modules
from .tool import (
    add_common_arguments,
    build_runner,
    load_config,
    run_tool,
    use_mixed_precision,
)
from .user_errors import explain, short_errors

__all__ = [
    'add_common_arguments',
    'build_runner',
    'explain',
    'load_config',
    'register_all_modules',
    'run_tool',
    'short_errors',
    'use_mixed_precision',
]
