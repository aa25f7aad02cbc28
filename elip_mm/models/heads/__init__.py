# Copyright (c) elip_mm contributors. All rights reserved.
from .contrastive_head import ContrastiveHead
from .itc_head import DistilledContrastiveHead
from .itm_head import MatchingHead
from .lm_head import LanguageHead
from .lm_predictor import TokenPredictor
from .meter_heads import METERITMHead, METERMLMHead
from .sigmoid_head import SigmoidHead

__all__ = [
    'ContrastiveHead',
    'DistilledContrastiveHead',
    'LanguageHead',
    'METERITMHead',
    'METERMLMHead',
    'MatchingHead',
    'SigmoidHead',
    'TokenPredictor',
]
