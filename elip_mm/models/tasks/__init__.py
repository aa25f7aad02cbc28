# Copyright (c) elip_mm contributors. All rights reserved.
"""What models do outside of pre-training."""

from .pair_matching import PairMatching
from .reranking import RerankedRetrieval
from .retrieval import DualEncoderRetrieval

__all__ = ['DualEncoderRetrieval', 'PairMatching', 'RerankedRetrieval']
