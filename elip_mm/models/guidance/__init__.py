# Copyright (c) elip_mm contributors. All rights reserved.
from .text_cls import TextCLSGuidance
from .tied_projection import TiedProjectionGuidance

__all__ = ['TextCLSGuidance', 'TiedProjectionGuidance']
