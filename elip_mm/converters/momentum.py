# Copyright (c) elip_mm contributors. All rights reserved.
"""What the checkpoints of ALBEF and BLIP have in common."""

from typing import Dict, Sequence

import torch
from torch import Tensor

from .rules import Rules, rename
from .vit import TIMM_VIT


def tower_rules(text: Rules) -> Rules:
    """Rules for the online modules and, with ``_m``, for their twins.

    Args:
        text (Rules): Rules of the text encoder, without prefix on the left.

    Returns:
        Rules: For the whole model.
    """
    rules = [
        (r'temp', 'temp'),
        (r'(image_queue|text_queue)', r'queue.\1'),
        (r'(?:queue_ptr|ptr_queue)', 'queue.queue_ptr'),
        (r'itm_head\.(\w+)', r'heads.itm.fc.\1'),
    ]
    for suffix, prefix in (('', ''), ('_m', 'momentum_encoder.')):
        rules += [
            (rf'visual_encoder{suffix}\.{key}', f'{prefix}vision_backbone.{n}')
            for key, n in TIMM_VIT
        ]
        rules += [
            (rf'text_encoder{suffix}\.{key}', f'{prefix}{name}')
            for key, name in text
        ]
        rules += [
            (rf'vision_proj{suffix}\.(\w+)', rf'{prefix}vision_neck.\1'),
            (rf'text_proj{suffix}\.(\w+)', rf'{prefix}text_neck.\1'),
        ]
    return rules


def drop_tied(
    state: Dict[str, Tensor], tied: Dict[str, str]
) -> Dict[str, Tensor]:
    """Leave out tensors that repeat others, after looking whether they do.

    Args:
        state (dict[str, Tensor]): The foreign state dict.
        tied (dict[str, str]): Key of the copy to key of the original.

    Returns:
        dict[str, Tensor]: Without the copies.

    Raises:
        ValueError: If a copy is not one: our model could not hold both.
    """
    for copy, original in tied.items():
        if copy in state and not torch.equal(state[copy], state[original]):
            raise ValueError(
                f'{copy!r} should equal {original!r}, to which it is tied, '
                'but does not; is the checkpoint of another model?'
            )
    return {key: value for key, value in state.items() if key not in tied}


def convert_state(
    state: Dict[str, Tensor],
    rules: Rules,
    tied: Dict[str, str],
    ignore: Sequence[str] = (),
) -> Dict[str, Tensor]:
    """Drop copies and rename the rest; arguments as in the parts."""
    state = {
        key.removeprefix('module.'): value for key, value in state.items()
    }
    # Retrieval models keep image numbers beside the queues.
    return rename(drop_tied(state, tied), rules, ('idx_queue', *ignore))
