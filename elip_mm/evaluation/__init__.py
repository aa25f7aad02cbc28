# Copyright (c) elip_mm contributors. All rights reserved.
import mmpretrain.evaluation

from .contrast_recall import ContrastRecall
from .retrieval_recall import RetrievalRecall, best_rank

__all__ = ['ContrastRecall', 'RetrievalRecall', 'best_rank']
