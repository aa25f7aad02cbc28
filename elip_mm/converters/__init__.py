# Copyright (c) elip_mm contributors. All rights reserved.
from .albef import convert_albef
from .blip import convert_blip
from .clip import convert_clip
from .meter import convert_meter
from .open_clip import convert_open_clip
from .rules import rename
from .vit import convert_clip_vit, convert_timm_vit

__all__ = [
    'convert_albef',
    'convert_blip',
    'convert_clip',
    'convert_clip_vit',
    'convert_meter',
    'convert_open_clip',
    'convert_timm_vit',
    'rename',
]
