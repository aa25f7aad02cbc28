# Copyright (c) elip_mm contributors. All rights reserved.
from .pruned_vit import PrunedViT

__all__ = ['PrunedViT']
