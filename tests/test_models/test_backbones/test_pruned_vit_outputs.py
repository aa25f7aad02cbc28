# Copyright (c) elip_mm contributors. All rights reserved.
"""What a reduced tower hands to dense tasks, heads and optimisers."""

import pytest
import torch
from mmpretrain.models import VisionTransformer

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints
from tests.support.tiny import ARCH, ELIP, GUIDANCE, HINTS, IMAGES, tiny_vit


@pytest.mark.parametrize('with_cls_token', [True, False])
@pytest.mark.parametrize('size', [(64, 64), (32, 96)])
def test_featmap_is_restored_from_provenance(size, with_cls_token):
    vit = tiny_vit(
        ELIP,
        out_type='featmap',
        out_indices=[3, 11],
        with_cls_token=with_cls_token,
    )
    images = torch.randn(2, 3, *size)
    early, late = vit(images, Hints(guidance=GUIDANCE[:2]))
    states = vit.states(images, Hints(guidance=GUIDANCE[:2]))
    rows, columns = size[0] // 8, size[1] // 8
    for out, state in ((early, states[3]), (late, states[11])):
        assert out.shape == (2, 96, rows, columns)
        assert state.tokens.shape[1] < rows * columns
        for patch in range(rows * columns):
            owner = state.owner[1, patch]
            assert torch.equal(
                out[1, :, patch // columns, patch % columns],
                state.tokens[1, owner],
            )


@pytest.mark.parametrize('size', [(64, 64), (32, 96)])
def test_average_is_weighted_by_size(size):
    """At layers between as at the end it is the mean of the restored map."""
    vit = tiny_vit(ELIP, out_type='avg_featmap', out_indices=[5, 11])
    images = torch.randn(2, 3, *size)
    states = vit.states(images, Hints(guidance=GUIDANCE[:2]))
    for out, index in zip(vit(images, Hints(guidance=GUIDANCE[:2])), (5, 11)):
        dense = states[index].dense()
        torch.testing.assert_close(out, vit.ln2(dense.flatten(2).mean(2)))


@pytest.mark.parametrize('size', [(32, 96), (64, 64)])
def test_non_square_images_match_the_plain_tower(size):
    vit = tiny_vit(ELIP, out_type='featmap')
    plain = VisionTransformer(
        arch=ARCH, img_size=64, patch_size=8, out_type='featmap'
    )
    plain.load_state_dict(vit.state_dict())
    images = torch.randn(2, 3, *size)
    assert torch.equal(vit(images)[0], plain(images)[0])
    assert (
        vit(images, Hints(guidance=GUIDANCE[:2]))[0].shape
        == plain(images)[0].shape
    )


def test_without_class_token_a_summary_exists_in_the_look_ahead_only():
    vit = tiny_vit(ELIP, with_cls_token=False)
    lengths = []
    look_ahead = vit.look_ahead

    def noted(index, probe, depth):
        lengths.append(probe.shape[1])
        return look_ahead(index, probe, depth)

    vit.look_ahead = noted
    state = vit.encode(IMAGES, HINTS)
    assert lengths == [65, 59, 43]
    assert state.tokens.shape[1] == state.num_patch_tokens == 26


def test_training_switch_returns_the_module():
    vit = tiny_vit(ELIP)
    assert vit.train() is vit and vit.eval() is vit
    assert not vit.training


def test_layer_depths_for_layer_wise_rates():
    vit = tiny_vit(ELIP, pre_norm=True)
    assert vit.get_layer_depth('pre_norm.weight') == (0, 14)
    assert vit.get_layer_depth('layers.4.attn.qkv.weight') == (5, 14)
    assert vit.get_layer_depth('b.cls_token', 'b.') == (0, 14)


def test_layer_depth_can_be_borrowed():
    """By a class that is neither, as users of mmpretrain do."""

    class Borrower(torch.nn.Module):
        num_layers = 12
        get_layer_depth = PrunedViT.get_layer_depth

    ours, vit = Borrower(), tiny_vit(ELIP, pre_norm=True)
    for name, _ in vit.named_parameters():
        assert ours.get_layer_depth(name) == vit.get_layer_depth(name)
        plain = VisionTransformer.get_layer_depth(vit, name)
        moved = name.startswith('pre_norm')
        assert vit.get_layer_depth(name) == ((0, 14) if moved else plain)


def test_weights_go_both_ways():
    vit = tiny_vit(ELIP)
    plain = VisionTransformer(
        arch=ARCH, img_size=64, patch_size=8, out_type='raw'
    )
    assert set(vit.state_dict()) == set(plain.state_dict())
    vit.load_state_dict(plain.state_dict(), strict=True)


def test_position_embedding_is_resized_on_load():
    small = VisionTransformer(arch=ARCH, img_size=32, patch_size=8)
    vit = tiny_vit(ELIP)
    vit.load_state_dict(small.state_dict(), strict=True)
    assert vit.pos_embed.shape == (1, 65, 96)
