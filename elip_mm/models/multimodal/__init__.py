# Copyright (c) elip_mm contributors. All rights reserved.
from .albef import ALBEFPretrainer
from .attentive_clip import AttentiveCLIPPretrainer
from .base import LanguageImagePretrainer
from .blip import BLIPPretrainer
from .clip import CLIPPretrainer
from .distilled import DistilledPretrainer
from .meter import METERPretrainer
from .siglip import SigLIPPretrainer

__all__ = [
    'ALBEFPretrainer',
    'AttentiveCLIPPretrainer',
    'BLIPPretrainer',
    'CLIPPretrainer',
    'DistilledPretrainer',
    'LanguageImagePretrainer',
    'METERPretrainer',
    'SigLIPPretrainer',
]
