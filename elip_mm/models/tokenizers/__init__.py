# Copyright (c) elip_mm contributors. All rights reserved.
from .base import PaddedTokenizer
from .clip_bpe import CLIPBPETokenizer
from .scene import SceneTokenizer

__all__ = ['PaddedTokenizer', 'CLIPBPETokenizer', 'SceneTokenizer']
