# Copyright (c) elip_mm contributors. All rights reserved.
from .clip_text import CLIPTextEncoder

__all__ = ['CLIPTextEncoder']
