# Copyright (c) elip_mm contributors. All rights reserved.
from .attentive_clip import AttentiveCLIPPretrainer
from .base import LanguageImagePretrainer
from .clip import CLIPPretrainer

__all__ = [
    'AttentiveCLIPPretrainer',
    'CLIPPretrainer',
    'LanguageImagePretrainer',
]
