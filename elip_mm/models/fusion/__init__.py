# Copyright (c) elip_mm contributors. All rights reserved.
from .blip_decoder import BLIPTextDecoder
from .co_attention import CoAttentionFusion

__all__ = ['BLIPTextDecoder', 'CoAttentionFusion']
