# Copyright (c) elip_mm contributors. All rights reserved.
"""Checkpoints of other code to ours and back."""

from .adapter import StateDictAdapter
from .albef import from_albef, to_albef
from .blip import from_blip, to_blip
from .convert_file import convert_file
from .families import FAMILIES, Converter
from .meter import from_meter, to_meter
from .open_clip import from_open_clip, to_open_clip
from .rules import rename, rename_back
from .vit import from_clip_vit, from_timm_vit, to_clip_vit, to_timm_vit

__all__ = [
    'FAMILIES',
    'Converter',
    'StateDictAdapter',
    'convert_file',
    'from_albef',
    'from_blip',
    'from_clip_vit',
    'from_meter',
    'from_open_clip',
    'from_timm_vit',
    'rename',
    'rename_back',
    'to_albef',
    'to_blip',
    'to_clip_vit',
    'to_meter',
    'to_open_clip',
    'to_timm_vit',
]
