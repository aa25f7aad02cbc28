# Copyright (c) elip_mm contributors. All rights reserved.
from .budget_solver import (
    Budget,
    reachable_range,
    read_budget,
    relative_cost,
    removal_pattern,
    solve_counts,
)
from .budgets import base_count, ease_count, ratio_to_count, round_ratio_up
from .itm_pairs import draw_mismatches, draw_negatives, negative_weights
from .keyed_draws import hash_images, keyed_uniform
from .text_masking import (
    IGNORE_INDEX,
    choose_tokens,
    choose_words,
    hide_tokens,
    mask_tokens,
    maskable,
)
from .token_merging import keep_and_group, match_halves, most_merges
from .token_selection import keep_and_drop, keep_and_fuse, mark_best, rank
from .tower_flops import (
    StageSpec,
    TowerShape,
    layer_lengths,
    layer_macs,
    mean_key_macs,
    score_macs,
    training_flops,
)

__all__ = [
    'IGNORE_INDEX',
    'Budget',
    'StageSpec',
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
    'layer_macs',
    'mark_best',
    'mask_tokens',
    'maskable',
    'match_halves',
    'mean_key_macs',
    'most_merges',
    'negative_weights',
    'rank',
    'ratio_to_count',
    'reachable_range',
    'read_budget',
    'relative_cost',
    'removal_pattern',
    'round_ratio_up',
    'score_macs',
    'solve_counts',
    'training_flops',
]
