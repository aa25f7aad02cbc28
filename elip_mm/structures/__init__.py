# Copyright (c) elip_mm contributors. All rights reserved.
from .attention_trace import AttentionTrace, exact, widen
from .layer_view import LayerView
from .pair_features import PairFeatures
from .text_features import TextFeatures
from .token_plan import TokenPlan
from .token_state import TokenState

__all__ = [
    'AttentionTrace',
    'LayerView',
    'PairFeatures',
    'TextFeatures',
    'TokenPlan',
    'TokenState',
    'exact',
    'widen',
]
