# Copyright (c) elip_mm contributors. All rights reserved.
from .clip_text import CLIPTextEncoder
from .hf_text import HFTextEncoder
from .xbert_text import ALBEFTextEncoder, BLIPTextEncoder, XBertTextEncoder

__all__ = [
    'ALBEFTextEncoder',
    'BLIPTextEncoder',
    'CLIPTextEncoder',
    'HFTextEncoder',
    'XBertTextEncoder',
]
