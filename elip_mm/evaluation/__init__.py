# Copyright (c) elip_mm contributors. All rights reserved.
import mmpretrain.evaluation

from .contrastive_recall import ContrastiveRecall
from .dump_predictions import DumpPredictions
from .matching_accuracy import MatchingAccuracy
from .patch_accuracy import PatchAccuracy
from .retrieval_recall import RetrievalRecall, best_rank

__all__ = [
    'ContrastiveRecall',
    'DumpPredictions',
    'MatchingAccuracy',
    'PatchAccuracy',
    'RetrievalRecall',
    'best_rank',
]
