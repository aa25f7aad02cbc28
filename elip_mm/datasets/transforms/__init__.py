# Copyright (c) elip_mm contributors. All rights reserved.
from .clean_caption import CleanPairCaption, clean_caption
from .random_augment import RandomAugment

__all__ = ['CleanPairCaption', 'RandomAugment', 'clean_caption']
