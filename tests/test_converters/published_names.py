# Copyright (c) elip_mm contributors. All rights reserved.
"""State dicts of our models under the names of the published code.

Written apart from the converters, one way only, to test these.
"""

import re
from typing import Dict, List, Tuple

from torch import Tensor

# Our names to those of the published code.
TOWERS = [
    (r'vision_backbone\.patch_embed\.projection', 'visual.patch_embed.proj'),
    (r'vision_backbone\.layers\.(\d+)\.ln([12])', r'visual.blocks.\1.norm\2'),
    (r'vision_backbone\.layers\.(\d+)\.attn', r'visual.blocks.\1.attn'),
    (r'vision_backbone\.layers\.(\d+)\.ffn\.layers\.0\.0',
     r'visual.blocks.\1.mlp.fc1'),
    (r'vision_backbone\.layers\.(\d+)\.ffn\.layers\.1',
     r'visual.blocks.\1.mlp.fc2'),
    (r'vision_backbone\.ln1', 'visual.norm'),
    (r'vision_backbone', 'visual'),
    (r'vision_neck', 'vision_proj'),
    (r'text_neck', 'text_proj'),
]  # fmt: skip
OTHERS = [
    (r'queue\.', ''),
    (r'heads\.itm\.fc', 'itm_head'),
    (r'text_decoder\.attention\.(\d+)',
     r'text_decoder.bert.encoder.layer.\1.attention'),
    (r'heads\.lm\.predictor', 'text_decoder.cls.predictions'),
    (r'heads\.mlm\.predictor', 'text_encoder.cls.predictions'),
    (r'momentum_encoder\.predictor', 'text_encoder_m.cls.predictions'),
]  # fmt: skip


# The same for those whose vision tower is that of CLIP.
VISION = [
    (r'^cls_token', 'class_embedding'),
    (r'^pos_embed', 'positional_embedding'),
    (r'^patch_embed\.projection', 'conv1'),
    (r'^pre_norm', 'ln_pre'),
    (r'^ln1', 'ln_post'),
]
BLOCK = r'transformer.resblocks.\1.'
BLOCKS = [
    (r'layers\.(\d+)\.ln([12])', BLOCK + r'ln_\2'),
    (r'layers\.(\d+)\.attn\.qkv\.', BLOCK + 'attn.in_proj_'),
    (r'layers\.(\d+)\.attn\.proj', BLOCK + 'attn.out_proj'),
    (
        r'layers\.(\d+)\.ffn\.layers\.0\.0',
        BLOCK + 'mlp.c_fc',
    ),
    (r'layers\.(\d+)\.ffn\.layers\.1', BLOCK + 'mlp.c_proj'),
]
METER = [
    (r'^text_encoder\.model\.', 'text_transformer.'),
    (r'^fusion\.token', 'token'),
    (r'^fusion\.', 'cross_modal_'),
    (r'^heads\.mlm\.decoder\.bias', 'mlm_score.bias'),
    (r'^heads\.(mlm|itm)\.', r'\1_score.'),
]
OPEN_CLIP = [
    (r'^text_encoder\.pos_embed', 'positional_embedding'),
    (r'^text_encoder\.', ''),
    (r'^text_neck\.proj', 'text_projection'),
    (r'^vision_neck\.proj', 'visual.proj'),
    (r'^heads\.(sigmoid|contrastive)\.', ''),
]
CLIP_LIKE = dict(
    meter=(METER, 'vit_model.visual.'), open_clip=(OPEN_CLIP, 'visual.')
)


def clip_like_state(
    ours: Dict[str, Tensor], rules: List[Tuple[str, str]], tower: str
) -> Dict[str, Tensor]:
    """The same for models whose vision tower is that of CLIP."""
    state = {}
    for key, value in ours.items():
        vision = key.startswith('vision_backbone.')
        key = key.removeprefix('vision_backbone.')
        table = [*VISION, *BLOCKS] if vision else [*rules, *BLOCKS]
        for pattern, name in table:
            key = re.sub(pattern, name, key)
        flat = key.endswith(('class_embedding', 'positional_embedding'))
        value = value.squeeze() if flat else value
        state[f'{tower}{key}' if vision else key] = value
    return state


def published_name(name: str, model: str) -> str:
    """Name of one of our tensors in the published code."""
    rules = list(TOWERS)
    if model == 'blip':
        rules.append((r'text_encoder\.bert', 'text_encoder'))
    for pattern, replacement in OTHERS:
        if re.match(pattern, name):
            return re.sub(f'^{pattern}', replacement, name)
    averaged, name = (
        name.startswith('momentum_encoder.'),
        name.removeprefix('momentum_encoder.'),
    )
    for pattern, replacement in rules:
        if re.match(pattern, name):
            name = re.sub(f'^{pattern}', replacement, name)
            break
    first, dot, rest = name.partition('.')
    first = first.replace('visual', 'visual_encoder')
    return f'{first}{"_m" if averaged else ""}{dot}{rest}'


def published_state(ours: Dict[str, Tensor], model: str) -> Dict[str, Tensor]:
    """The tensors of our model as a published checkpoint holds them.

    Args:
        ours (dict[str, Tensor]): A state dict of ours.
        model (str): 'albef', 'blip', 'meter' or 'open_clip'.
    """
    if model in CLIP_LIKE:
        return clip_like_state(ours, *CLIP_LIKE[model])
    state = {
        published_name(name, model): value for name, value in ours.items()
    }
    if model == 'albef':
        words = 'bert.embeddings.word_embeddings.weight'
        for tower in ('text_encoder', 'text_encoder_m'):
            output = f'{tower}.cls.predictions'
            state[f'{output}.decoder.weight'] = state[f'{tower}.{words}']
            state[f'{output}.decoder.bias'] = state[f'{output}.bias']
        return state
    for name in list(state):
        shared = name.startswith('text_encoder.')
        if shared and not re.search(r'layer\.\d+\.attention', name):
            copy = name.replace('text_encoder.', 'text_decoder.bert.', 1)
            state[copy] = state[name]
    output = 'text_decoder.cls.predictions'
    words = 'text_encoder.embeddings.word_embeddings.weight'
    state[f'{output}.decoder.weight'] = state[words]
    state[f'{output}.decoder.bias'] = state[f'{output}.bias']
    return state
