# Copyright (c) elip_mm contributors. All rights reserved.
from .reranking import MatchingRetrieval
from .retrieval import DualEncoderRetrieval, fill_samples

__all__ = ['DualEncoderRetrieval', 'MatchingRetrieval', 'fill_samples']
