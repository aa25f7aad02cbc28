# Copyright (c) elip_mm contributors. All rights reserved.
from .attention_trace import AttentionTrace, exact, widen
from .distilled_pairs import DistilledPairs, Reading
from .fused_features import FusedFeatures
from .layer_view import LayerView
from .pair_embeddings import PairEmbeddings
from .pair_features import PairFeatures
from .plan_follower import PlanFollower
from .text_features import TextFeatures
from .token_plan import TakenPlan, TokenPlan, find_plan
from .token_state import TokenState

__all__ = [
    'AttentionTrace',
    'DistilledPairs',
    'FusedFeatures',
    'LayerView',
    'PairEmbeddings',
    'PairFeatures',
    'PlanFollower',
    'Reading',
    'TakenPlan',
    'TextFeatures',
    'TokenPlan',
    'TokenState',
    'exact',
    'find_plan',
    'widen',
]
