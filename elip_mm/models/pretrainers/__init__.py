# Copyright (c) elip_mm contributors. All rights reserved.
from .albef import ALBEFPretrainer
from .attentive_clip import AttentiveCLIPPretrainer
from .blip import BLIPPretrainer
from .clip import CLIPPretrainer
from .meter import METERPretrainer
from .momentum import MomentumPretrainer
from .siglip import SigLIPPretrainer

__all__ = [
    'ALBEFPretrainer',
    'AttentiveCLIPPretrainer',
    'BLIPPretrainer',
    'CLIPPretrainer',
    'MomentumPretrainer',
    'METERPretrainer',
    'SigLIPPretrainer',
]
