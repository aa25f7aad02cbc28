# Copyright (c) elip_mm contributors. All rights reserved.
from .pruned_vit import PrunedViT
from .tower_shape import build_reducer_for, measure_tower

__all__ = ['PrunedViT', 'build_reducer_for', 'measure_tower']
