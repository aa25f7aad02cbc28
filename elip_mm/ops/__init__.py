# Copyright (c) elip_mm contributors. All rights reserved.
from .budgets import base_count, ease_count, share_to_count
from .keeping import keep_and_fuse

__all__ = ['base_count', 'ease_count', 'keep_and_fuse', 'share_to_count']
