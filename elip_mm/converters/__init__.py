# Copyright (c) elip_mm contributors. All rights reserved.
from .clip import convert_clip
from .rules import rename
from .vit import convert_clip_vit, convert_timm_vit

__all__ = ['convert_clip', 'convert_clip_vit', 'convert_timm_vit', 'rename']
