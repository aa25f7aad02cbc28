# Copyright (c) elip_mm contributors. All rights reserved.
"""Is a config what its author meant? Nothing is built to find out."""

from .check import ConfigMistakes, check_config, find_mistakes

__all__ = ['ConfigMistakes', 'check_config', 'find_mistakes']
