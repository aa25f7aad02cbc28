# Copyright (c) elip_mm contributors. All rights reserved.
from .clip_text import CLIPTextEncoder
from .xbert import ALBEFTextEncoder, BLIPTextEncoder, XBertTextEncoder

__all__ = [
    'ALBEFTextEncoder',
    'BLIPTextEncoder',
    'CLIPTextEncoder',
    'XBertTextEncoder',
]
