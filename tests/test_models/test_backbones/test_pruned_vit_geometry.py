# Copyright (c) elip_mm contributors. All rights reserved.
"""ELIP on every kind of ViT: sizes, patches, registers, poolings."""

import itertools

import pytest
import torch

from elip_mm.models.backbones import PrunedViT
from elip_mm.registry import MODELS
from elip_mm.structures import Hints
from tests.support.tiny import tiny_vit

# Widths are small; depths are those of ViT-tiny to large.
DEPTHS = dict(tiny=12, small=12, base=12, meter=11, large=24)
SIZES = [(224, 224), (256, 256), (384, 384), (576, 576), (224, 320)]
PATCHES = [8, 14, 16, 32]
POOLINGS = ['cls', 'average', 'attention']
GEOMETRIES = [
    (size, patch, POOLINGS[index % 3], [0, 4][index % 2], depth)
    for index, ((size, patch), depth) in enumerate(
        zip(
            [
                (size, patch)
                for size, patch in itertools.product(SIZES, PATCHES)
                if size[0] % patch == size[1] % patch == 0
            ]
            * 2,
            itertools.cycle(DEPTHS),
        )
    )
]


def stages_of(depth):
    """ELIP's schedule, stretched to a depth."""
    first, second, third = depth // 6, depth // 3, depth * 5 // 6
    return [
        dict(layer=first, look_ahead=second - first, keep_ratio=0.90),
        dict(layer=second, look_ahead=third - second, keep_ratio=0.65),
        dict(layer=third, look_ahead=depth - third, keep_ratio=0.40),
    ]


def build(size, patch, pooling, registers, depth, dims=32, **reducer):
    return PrunedViT(
        arch=dict(
            embed_dims=dims,
            num_layers=depth,
            num_heads=2,
            feedforward_channels=2 * dims,
        ),
        img_size=size,
        patch_size=patch,
        out_type='cls_token' if pooling == 'cls' else 'avg_featmap',
        with_cls_token=pooling == 'cls',
        num_registers=registers,
        reducer=dict(
            type='elip_mm.ELIPReducer', stages=stages_of(depth), **reducer
        ),
    )


def pool(state, pooling, dims):
    if pooling == 'attention':
        neck = MODELS.build(
            dict(
                type='elip_mm.AttentionPooling',
                in_channels=dims,
                num_heads=2,
            )
        )
        return neck(state.tokens)
    return state.tokens[:, 0] if pooling == 'cls' else state.mean()


def test_there_are_enough_geometries():
    assert len(set(GEOMETRIES)) >= 24
    used = list(zip(*GEOMETRIES))
    assert set(used[1]) == set(PATCHES) and set(used[2]) == set(POOLINGS)
    assert set(used[3]) == {0, 4} and set(used[4]) == set(DEPTHS)


@pytest.mark.parametrize(
    'size, patch, pooling, registers, arch',
    GEOMETRIES,
    ids=lambda value: str(value).replace(' ', ''),
)
def test_counts_follow_the_grid(size, patch, pooling, registers, arch):
    depth, dims = DEPTHS[arch], 32
    count_base = 'tokens' if registers else 'patches'
    with torch.device('meta'):
        vit = build(
            size,
            patch,
            pooling,
            registers,
            depth,
            count_base=count_base,
            guidance_scale='match_cls',
        )
        images = torch.empty(2, 3, *size)
        states = vit.states(images, Hints(guidance=torch.empty(2, dims)))
        pooled = pool(states[depth - 1], pooling, dims)
    patches = (size[0] // patch) * (size[1] // patch)
    prefix = registers + (pooling == 'cls')
    lengths = [patches + prefix, *(s.tokens.shape[1] for s in states.values())]
    assert lengths == sorted(lengths, reverse=True)
    for stage in stages_of(depth):
        left = states[stage['layer']].num_patch_tokens - 1  # the merged one
        assert abs(left - stage['keep_ratio'] * patches) <= 1
    assert states[depth - 1].num_prefix == prefix
    assert states[depth - 1].grid == (size[0] // patch, size[1] // patch)
    assert pooled.shape == (2, dims)


@pytest.mark.parametrize('pooling', POOLINGS)
@pytest.mark.parametrize('registers', [0, 3])
def test_registers_stay_and_patches_are_accounted_for(pooling, registers):
    vit = build((64, 96), 16, pooling, registers, 12)
    images = torch.randn(2, 3, 64, 96)
    state = vit.encode(images, Hints(guidance=torch.randn(2, 32)))
    prefix = registers + (pooling == 'cls')
    assert state.num_prefix == prefix
    assert state.has_cls == (pooling == 'cls')
    assert (state.owner >= prefix).all()
    # 24 patches: 21, 15 and 9 are kept, and there is the merged token.
    assert state.tokens.shape[1] == prefix + 9 + 1
    assert state.sizes[:, prefix:].sum(dim=1).tolist() == [24, 24]
    assert state.dense().shape == (2, 32, 4, 6)


def test_the_class_token_is_blended_and_no_register():
    vit = tiny_vit(
        dict(type='elip_mm.ELIPReducer'), with_cls_token=False, num_registers=2
    )
    state = vit.embed(torch.randn(2, 3, 64, 64))
    text = torch.randn(2, 96)
    probe = vit.reducer.blend(state, text)
    assert torch.equal(probe[:, 1:], state.tokens)
    expected = 0.8 * state.tokens[:, 2:].mean(dim=1) + 0.2 * text
    torch.testing.assert_close(probe[:, 0], expected)


def test_without_registers_nothing_changes():
    plain, asked = tiny_vit(), tiny_vit(num_registers=0)
    assert plain.state_dict().keys() == asked.state_dict().keys()
    image = torch.randn(1, 3, 64, 64)
    assert torch.equal(plain(image)[0], asked(image)[0])


def test_registers_have_the_depth_of_the_embedding():
    vit = tiny_vit(num_registers=2)
    assert vit.get_layer_depth('registers') == (0, 14)
    vit(torch.randn(1, 3, 64, 64))[0].sum().backward()
    assert vit.registers.grad is not None


@pytest.mark.parametrize('keep', [1.0, 0.999, 0.99])
def test_a_stage_never_lengthens_a_sequence(keep):
    reducer = dict(
        type='elip_mm.ELIPReducer',
        count_base='tokens',
        stages=[
            dict(layer=layer, look_ahead=1, keep_ratio=keep)
            for layer in (1, 2, 3)
        ],
    )
    vit = tiny_vit(reducer)
    hints = Hints(guidance=torch.randn(1, 96))
    states = vit.states(torch.randn(1, 3, 64, 64), hints)
    lengths = [65, *(state.tokens.shape[1] for state in states.values())]
    assert lengths == sorted(lengths, reverse=True)
