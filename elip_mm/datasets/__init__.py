# Copyright (c) elip_mm contributors. All rights reserved.
import mmpretrain.datasets

from elip_mm.utils.keyed_random import keyed_random, stable_key

from .base import ImageTextDataset
from .gallery import link_gallery
from .image_text_pairs import ImageTextPairs
from .matching_pairs import MatchingPairs
from .samplers import KeyedIndex, KeyedSampler
from .stacking import stack_pairs
from .synthetic_scenes import SyntheticScenes, mentioned_patches
from .transforms import CleanPairCaption, LabelPatches, RandomAugment

__all__ = [
    'CleanPairCaption',
    'ImageTextDataset',
    'ImageTextPairs',
    'KeyedIndex',
    'KeyedSampler',
    'LabelPatches',
    'MatchingPairs',
    'RandomAugment',
    'SyntheticScenes',
    'keyed_random',
    'link_gallery',
    'mentioned_patches',
    'stable_key',
    'stack_pairs',
]
