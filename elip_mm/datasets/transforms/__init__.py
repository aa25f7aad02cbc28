# Copyright (c) elip_mm contributors. All rights reserved.
from .clean_caption import CleanPairCaption, clean_caption
from .label_patches import LabelPatches
from .random_augment import RandomAugment

__all__ = [
    'CleanPairCaption',
    'LabelPatches',
    'RandomAugment',
    'clean_caption',
]
