# Copyright (c) elip_mm contributors. All rights reserved.
from .attention_trace import AttentionTrace
from .features import (
    FusedFeatures,
    LanguageTargets,
    MomentumFeatures,
    PairEmbeddings,
    PairFeatures,
    TextFeatures,
)
from .token_plan import TakenPlan, TokenPlan, find_plan
from .token_state import TokenState
from .views import Hints, LayerView

__all__ = [
    'AttentionTrace',
    'MomentumFeatures',
    'FusedFeatures',
    'Hints',
    'LayerView',
    'PairEmbeddings',
    'PairFeatures',
    'LanguageTargets',
    'TakenPlan',
    'TextFeatures',
    'TokenPlan',
    'TokenState',
    'find_plan',
]
