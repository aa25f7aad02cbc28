# Copyright (c) elip_mm contributors. All rights reserved.
"""Tables of keys leave nothing over unseen.

Acceptance: converters.
"""

import pytest
import torch

from elip_mm.converters import (
    from_clip_vit,
    from_open_clip,
    rename,
    rename_back,
)
from elip_mm.converters.rules import absent_rules, below
from tests.support.tiny import tiny_clip

RULES = [
    ('blocks.{n}.w', 'layers.{n}.weight'),
    ('blocks.{n}.b', 'layers.{n}.bias'),
    ('a', 'same'),
    ('b', 'same'),
]


def test_first_match_renames_there_and_back():
    assert rename({'blocks.3.w': 1}, RULES) == {'layers.3.weight': 1}
    assert rename_back({'layers.3.weight': 1}, RULES) == {'blocks.3.w': 1}
    # Of two names the first is written.
    assert rename({'b': 1}, RULES) == {'same': 1}
    assert rename_back({'same': 1}, RULES) == {'a': 1}


def test_left_over_keys_are_named():
    with pytest.raises(ValueError, match='1 keys .* match no rule: head.w'):
        rename({'blocks.3.w': 1, 'head.w': 2}, RULES)
    with pytest.raises(ValueError, match='match no rule: blocks.3.w'):
        rename_back({'blocks.3.w': 1}, RULES)
    assert rename({'head.w': 2}, RULES, ignore=['head.{rest}']) == {}


def test_two_tensors_of_one_name_are_refused():
    with pytest.raises(ValueError, match="map to 'same'"):
        rename({'a': 1, 'b': 2}, RULES)


def test_parts_that_are_there_should_be_complete():
    assert absent_rules(['layers.0.weight'], RULES) == [RULES[1]]
    assert absent_rules(['layers.0.weight', 'layers.0.bias'], RULES) == []
    assert absent_rules(['same'], RULES) == []
    nested = below(RULES, '', 'heads.')
    assert absent_rules(['heads.same'], nested) == []


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
    model.load_state_dict(from_open_clip(state), strict=True)
    assert torch.equal(
        model.vision_backbone.layers[5].ffn.layers[1].weight,
        foreign['visual.transformer.resblocks.5.mlp.c_proj.weight'],
    )


@pytest.mark.parametrize('convert', [from_open_clip, from_clip_vit])
def test_weights_of_another_model_are_refused_by_name(convert):
    with pytest.raises(ValueError, match='match no rule: fc.weight'):
        convert({'fc.weight': torch.zeros(1)})


def test_missing_keys_of_a_part_are_named():
    foreign = foreign_clip()
    del foreign['visual.class_embedding']
    lacking = r'form visual.class_embedding \(vision_backbone.cls_token here'
    with pytest.raises(ValueError, match=lacking):
        from_open_clip(foreign)


def test_missing_parts_are_left_to_strict_loading():
    foreign = foreign_clip()
    del foreign['visual.proj']
    with pytest.raises(RuntimeError, match='vision_neck.proj'):
        tiny_clip().load_state_dict(from_open_clip(foreign), strict=True)


def test_a_tower_without_a_first_norm_is_complete():
    foreign = {
        key: value
        for key, value in foreign_clip().items()
        if 'ln_pre' not in key
    }
    assert not any('pre_norm' in key for key in from_open_clip(foreign))


def test_tensors_of_another_rank_are_refused():
    foreign = foreign_clip()
    foreign['positional_embedding'] = torch.randn(2, 1, 8, 48)
    with pytest.raises(ValueError, match="'text_encoder.pos_embed' has the"):
        from_open_clip(foreign)
