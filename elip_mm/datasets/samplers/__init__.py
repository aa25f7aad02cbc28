# Copyright (c) elip_mm contributors. All rights reserved.
from .keyed_sampler import KeyedIndex, KeyedSampler

__all__ = ['KeyedIndex', 'KeyedSampler']
