# Copyright (c) elip_mm contributors. All rights reserved.
from .contrastive_head import ContrastiveHead
from .dense_label_head import DenseLabelHead
from .language_head import LanguageHead
from .matching_head import MatchingHead
from .meter_heads import METERITMHead, METERMLMHead
from .momentum_contrastive_head import MomentumContrastiveHead
from .sigmoid_head import SigmoidHead
from .token_predictor import TokenPredictor

__all__ = [
    'ContrastiveHead',
    'DenseLabelHead',
    'MomentumContrastiveHead',
    'LanguageHead',
    'METERITMHead',
    'METERMLMHead',
    'MatchingHead',
    'SigmoidHead',
    'TokenPredictor',
]
