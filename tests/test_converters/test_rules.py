# Copyright (c) elip_mm contributors. All rights reserved.
"""Tables of keys leave nothing over unseen.

Acceptance: converters.
"""

import pytest
import torch

from elip_mm.converters import convert_clip, convert_clip_vit, rename

from ..tiny import tiny_clip

RULES = [(r'blocks\.(\d+)\.w', r'layers.\1.weight'), (r'a|b', 'same')]


def test_first_match_renames():
    assert rename({'blocks.3.w': 1}, RULES) == {'layers.3.weight': 1}


def test_left_over_keys_are_named():
    with pytest.raises(ValueError, match='1 keys .* match no rule: head.w'):
        rename({'blocks.3.w': 1, 'head.w': 2}, RULES)
    assert rename({'head.w': 2}, RULES, ignore=[r'head\..*']) == {}


def test_two_tensors_of_one_name_are_refused():
    with pytest.raises(ValueError, match="map to 'same'"):
        rename({'a': 1, 'b': 2}, RULES)


def foreign_clip():
    """Weights under open_clip's names, for :func:`tiny_clip`."""
    width, text, joint = 96, 48, 32
    state = {
        'visual.class_embedding': torch.randn(width),
        'visual.positional_embedding': torch.randn(65, width),
        'visual.proj': torch.randn(width, joint),
        'visual.conv1.weight': torch.randn(width, 3, 8, 8),
        'token_embedding.weight': torch.randn(50, text),
        'positional_embedding': torch.randn(8, text),
        'text_projection': torch.randn(text, joint),
        'logit_scale': torch.tensor(2.0),
    }
    for name, dims in (
        ('visual.ln_pre', width),
        ('visual.ln_post', width),
        ('ln_final', text),
    ):
        state[f'{name}.weight'] = torch.randn(dims)
        state[f'{name}.bias'] = torch.randn(dims)
    for tower, dims, depth in (('visual.', width, 12), ('', text, 2)):
        for index in range(depth):
            block = f'{tower}transformer.resblocks.{index}.'
            for name, out, inner in (
                ('attn.in_proj_', 3 * dims, dims),
                ('attn.out_proj.', dims, dims),
                ('mlp.c_fc.', 4 * dims, dims),
                ('mlp.c_proj.', dims, 4 * dims),
                ('ln_1.', dims, None),
                ('ln_2.', dims, None),
            ):
                shape = (out, inner) if inner else (out,)
                state[f'{block}{name}weight'] = torch.randn(shape)
                state[f'{block}{name}bias'] = torch.randn(out)
    return state


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_dual_encoder_loads_strictly(prefix):
    foreign = foreign_clip()
    state = {prefix + key: value for key, value in foreign.items()}
    model = tiny_clip()
    model.load_state_dict(convert_clip(state), strict=True)
    assert torch.equal(
        model.vision_backbone.layers[5].ffn.layers[1].weight,
        foreign['visual.transformer.resblocks.5.mlp.c_proj.weight'],
    )


@pytest.mark.parametrize('convert', [convert_clip, convert_clip_vit])
def test_weights_of_another_model_are_refused_by_name(convert):
    with pytest.raises(ValueError, match='match no rule: fc.weight'):
        convert({'fc.weight': torch.zeros(1)})


def test_what_is_missing_is_left_to_strict_loading():
    foreign = foreign_clip()
    for name in ('visual.proj', 'visual.class_embedding'):
        del foreign[name]
    with pytest.raises(RuntimeError, match='vision_neck.proj'):
        tiny_clip().load_state_dict(convert_clip(foreign), strict=True)
