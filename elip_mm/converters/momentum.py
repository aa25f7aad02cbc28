# Copyright (c) elip_mm contributors. All rights reserved.
"""What the checkpoints of ALBEF and BLIP have in common."""

from typing import List

from .rules import Rules, below
from .templates import Template
from .vit import TIMM_VIT

__all__ = ['IGNORED', 'tower_rules']

# Retrieval models keep image numbers beside the queues.
IGNORED = ['idx_queue']


def tower_rules(text: Rules) -> List[Template]:
    """Rules for the online modules and, with ``_m``, their averaged copies.

    Args:
        text (Sequence[tuple[str, str]]): Rules of the text encoder alone.

    Returns:
        list[tuple[str, str]]: For the whole model.
    """
    rules = [
        ('temp', 'temp'),
        ('{name:image_queue|text_queue}', 'queue.{name}'),
        ('queue_ptr', 'queue.queue_ptr'),
        ('ptr_queue', 'queue.queue_ptr'),  # so it is in retrieval models
        ('itm_head.{kind}', 'heads.itm.fc.{kind}'),
    ]
    for suffix, prefix in (('', ''), ('_m', 'momentum_encoder.')):
        rules += [
            *below(
                TIMM_VIT,
                f'visual_encoder{suffix}.',
                f'{prefix}vision_backbone.',
            ),
            *below(text, f'text_encoder{suffix}.', prefix),
            (f'vision_proj{suffix}.{{kind}}', f'{prefix}vision_neck.{{kind}}'),
            (f'text_proj{suffix}.{{kind}}', f'{prefix}text_neck.{{kind}}'),
        ]
    return rules
