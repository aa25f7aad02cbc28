# Copyright (c) elip_mm contributors. All rights reserved.
from .cached import CachedTextEncoder
from .clip_text import CLIPTextEncoder
from .hf_text import HFTextEncoder
from .xbert_text import ALBEFTextEncoder, BLIPTextEncoder, XBertTextEncoder

__all__ = [
    'ALBEFTextEncoder',
    'BLIPTextEncoder',
    'CLIPTextEncoder',
    'CachedTextEncoder',
    'HFTextEncoder',
    'XBertTextEncoder',
]
