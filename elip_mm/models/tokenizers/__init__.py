# Copyright (c) elip_mm contributors. All rights reserved.
from .albef_blip import ALBEFTokenizer, BLIPTokenizer
from .base import PaddedTokenizer
from .clip_bpe import CLIPBPETokenizer
from .hf import HFTokenizer
from .scene import SceneTokenizer
from .stand_in import StandInTokenizer
from .words import continuing_tokens, special_ids

__all__ = [
    'ALBEFTokenizer',
    'BLIPTokenizer',
    'CLIPBPETokenizer',
    'HFTokenizer',
    'PaddedTokenizer',
    'SceneTokenizer',
    'StandInTokenizer',
    'continuing_tokens',
    'special_ids',
]
