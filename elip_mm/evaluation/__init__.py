# Copyright (c) elip_mm contributors. All rights reserved.
import mmpretrain.evaluation

from .contrast_recall import ContrastRecall
from .matching_accuracy import MatchingAccuracy
from .retrieval_recall import RetrievalRecall, best_rank

__all__ = [
    'ContrastRecall',
    'MatchingAccuracy',
    'RetrievalRecall',
    'best_rank',
]
