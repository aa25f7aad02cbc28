# Copyright (c) elip_mm contributors. All rights reserved.
import mmpretrain.evaluation

from .retrieval_recall import RetrievalRecall, best_rank

__all__ = ['RetrievalRecall', 'best_rank']
