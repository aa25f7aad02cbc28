# Copyright (c) elip_mm contributors. All rights reserved.
from .attentive import AttentiveReducer, attentive_scores
from .base import TokenReducer
from .elip import ELIPReducer
from .elip_settings import ELIPStage
from .evit import EViTReducer
from .masking import CenterReducer, MaskingReducer, RandomReducer
from .signals import SampleKeys, complete_hints
from .tome import ToMeReducer

__all__ = [
    'AttentiveReducer',
    'CenterReducer',
    'ELIPReducer',
    'ELIPStage',
    'EViTReducer',
    'MaskingReducer',
    'RandomReducer',
    'SampleKeys',
    'ToMeReducer',
    'TokenReducer',
    'attentive_scores',
    'complete_hints',
]
