# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from torch import Tensor

from .rules import rename
from .vit import convert_clip_vit

VISION = 'vit_model.visual.'
PAIRS = [
    (r'text_transformer\.(.+)', r'text_encoder.model.\1'),
    (r'cross_modal_(text|image)_transform\.(\w+)', r'fusion.\1_transform.\2'),
    (r'token_type_embeddings\.weight', 'fusion.token_type_embeddings.weight'),
    (r'cross_modal_(text|image)_layers\.(.+)', r'fusion.\1_layers.\2'),
    (r'cross_modal_(text|image)_pooler\.(.+)', r'fusion.\1_pooler.\2'),
    (r'mlm_score\.transform\.(.+)', r'heads.mlm.transform.\1'),
    (r'mlm_score\.decoder\.weight', 'heads.mlm.decoder.weight'),
    (r'mlm_score\.bias', 'heads.mlm.decoder.bias'),
    (r'itm_score\.fc\.(\w+)', r'heads.itm.fc.\1'),
]
# No pass of the pre-training uses these: what is left of CLIP's text tower,
# the text model's own pooler, and heads of fine-tuning.
UNUSED = [
    r'vit_model\.(positional_embedding|text_projection|logit_scale)',
    r'vit_model\.(ln_final|token_embedding|transformer)\..+',
    r'text_transformer\.pooler\..+',
    r'text_transformer\.embeddings\.(position|token_type)_ids',
    r'mlm_score\.decoder\.bias',  # the same tensor as mlm_score.bias
    r'(vqa|nlvr2|snli)_classifier\..+',
    r'rank_output\..+',
]


def convert_meter(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Convert a METER, with or without ELIP.

    Args:
        state (dict[str, Tensor]): Its state dict. Heads of fine-tuning are
            left out; of three token types (NLVR2) the first two are taken.

    Returns:
        dict[str, Tensor]: For :class:`METERPretrainer` with a
        :class:`HFTextEncoder`.
    """
    tower = {
        key[len(VISION) :]: value
        for key, value in state.items()
        if key.startswith(VISION)
    }
    tower.pop('proj', None)  # METER takes all tokens, unprojected
    converted = {
        f'vision_backbone.{key}': value
        for key, value in convert_clip_vit(tower).items()
    }
    rest = {
        key: value
        for key, value in state.items()
        if not key.startswith(VISION)
    }
    converted.update(rename(rest, PAIRS, UNUSED))
    types = 'fusion.token_type_embeddings.weight'
    if types in converted:
        converted[types] = converted[types][:2]
    return converted
