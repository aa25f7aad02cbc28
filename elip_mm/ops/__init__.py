# Copyright (c) elip_mm contributors. All rights reserved.
from .budget_solver import (
    Budget,
    reachable_range,
    read_budget,
    relative_cost,
    removal_pattern,
    solve_counts,
)
from .budgets import base_count, ease_count, share_to_count
from .dropping import keep_and_drop
from .keeping import keep_and_fuse
from .keyed import hash_images, keyed_uniform
from .masking import (
    IGNORED,
    choose_tokens,
    choose_words,
    hide_tokens,
    mask_tokens,
    maskable,
)
from .matching import keep_and_group, match_halves, most_merges
from .mismatching import draw_mismatches
from .negatives import draw_negatives, negative_weights
from .ranking import mark_best, rank
from .tower_flops import Moment, TowerShape, layer_lengths, training_flops

__all__ = [
    'IGNORED',
    'Budget',
    'Moment',
    'TowerShape',
    'base_count',
    'choose_tokens',
    'choose_words',
    'draw_mismatches',
    'draw_negatives',
    'ease_count',
    'hash_images',
    'hide_tokens',
    'keep_and_drop',
    'keep_and_fuse',
    'keep_and_group',
    'keyed_uniform',
    'layer_lengths',
    'mark_best',
    'mask_tokens',
    'maskable',
    'match_halves',
    'most_merges',
    'negative_weights',
    'rank',
    'reachable_range',
    'read_budget',
    'relative_cost',
    'removal_pattern',
    'share_to_count',
    'solve_counts',
    'training_flops',
]
