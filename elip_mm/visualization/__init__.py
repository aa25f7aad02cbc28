# Copyright (c) elip_mm contributors. All rights reserved.
# mmpretrain's registries are our parents, and a lookup in a parent does not
# trigger the parent's own lazy import.
import mmpretrain.visualization

from .painting import TokenCounts, count_tokens, paint_tokens, restore_images
from .token_map import draw_token_map, save_token_sheet

__all__ = [
    'TokenCounts',
    'count_tokens',
    'draw_token_map',
    'paint_tokens',
    'restore_images',
    'save_token_sheet',
]
