# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .adapter import StateDictAdapter
from .rules import below
from .vit import CLIP_VIT

__all__ = ['RULES', 'UNUSED', 'from_meter', 'to_meter']

_TYPES = 'fusion.token_type_embeddings.weight'

RULES = [
    *below(CLIP_VIT, 'vit_model.visual.', 'vision_backbone.'),
    ('text_transformer.{rest}', 'text_encoder.model.{rest}'),
    (
        'cross_modal_{side:text|image}_transform.{kind}',
        'fusion.{side}_transform.{kind}',
    ),
    ('token_type_embeddings.weight', _TYPES),
    (
        'cross_modal_{side:text|image}_layers.{rest}',
        'fusion.{side}_layers.{rest}',
    ),
    (
        'cross_modal_{side:text|image}_pooler.{rest}',
        'fusion.{side}_pooler.{rest}',
    ),
    ('mlm_score.transform.{rest}', 'heads.mlm.transform.{rest}'),
    ('mlm_score.decoder.weight', 'heads.mlm.decoder.weight'),
    ('mlm_score.bias', 'heads.mlm.decoder.bias'),
    ('itm_score.fc.{kind}', 'heads.itm.fc.{kind}'),
]
# No pass of the pre-training uses these: what is left of CLIP's text tower,
# the projection of its images, the text model's own pooler, and heads of
# fine-tuning.
UNUSED = [
    'vit_model.{kind:positional_embedding|text_projection|logit_scale}',
    'vit_model.{kind:ln_final|token_embedding|transformer}.{rest}',
    'vit_model.visual.proj',
    'text_transformer.pooler.{rest}',
    'text_transformer.embeddings.{kind:position_ids|token_type_ids}',
    'mlm_score.decoder.bias',  # the same tensor as mlm_score.bias
    '{kind:vqa|nlvr2|snli}_classifier.{rest}',
    'rank_output.{rest}',
]
_METER = StateDictAdapter(
    RULES,
    ignored=UNUSED,
    dims={
        'vision_backbone.cls_token': (1, 3),
        'vision_backbone.pos_embed': (2, 3),
    },
)


def from_meter(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a METER, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its state dict. Heads of fine-tuning are
            left out; of three token types (NLVR2) the first two are taken.

    Returns:
        dict[str, Tensor]: For :class:`METERPretrainer` with a
        :class:`HFTextEncoder`.
    """
    converted = _METER.to_ours(state)
    if _TYPES in converted:
        converted[_TYPES] = converted[_TYPES][:2]
    return converted


def to_meter(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a pre-trained model back, see :func:`from_meter`.

    What no pass of the pre-training uses (``UNUSED``) is lacking, so the
    result has to be loaded with ``strict=False``.

    Args:
        state (dict[str, Tensor]): State dict of a :class:`METERPretrainer`.

    Returns:
        dict[str, Tensor]: For METER.
    """
    return _METER.to_theirs(state)
