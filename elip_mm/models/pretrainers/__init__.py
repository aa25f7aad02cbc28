# Copyright (c) elip_mm contributors. All rights reserved.
from .albef import ALBEFPretrainer
from .base import LanguageImagePretrainer
from .blip import BLIPPretrainer
from .clip import CLIPPretrainer
from .masked_language import MaskedLanguagePretrainer
from .meter import METERPretrainer
from .momentum import MomentumPretrainer
from .siglip import SigLIPPretrainer

__all__ = [
    'ALBEFPretrainer',
    'BLIPPretrainer',
    'CLIPPretrainer',
    'LanguageImagePretrainer',
    'METERPretrainer',
    'MaskedLanguagePretrainer',
    'MomentumPretrainer',
    'SigLIPPretrainer',
]
