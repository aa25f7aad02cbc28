# Copyright (c) elip_mm contributors. All rights reserved.
"""What must not change the outcome.

Acceptance: identity, prune-one, permutation, batch-independence, no-text,
text-weight, no-text-leakage, determinism.
"""

from unittest.mock import patch

import pytest
import torch
from mmpretrain.models import VisionTransformer

from elip_mm.models.reducers import elip as elip_module
from elip_mm.structures import Hints
from tests.support.tiny import ARCH, ELIP, GUIDANCE, HINTS, IMAGES, tiny_vit

OTHER = Hints(guidance=-GUIDANCE)


def stages(keep):
    return [
        dict(layer=layer, look_ahead=ahead, keep_ratio=keep)
        for layer, ahead in ((2, 2), (4, 6), (10, 2))
    ]


def plain_copy(vit, **kwargs):
    """mmpretrain's own tower with the same weights."""
    plain = VisionTransformer(
        arch=ARCH, img_size=64, patch_size=8, out_type='raw', **kwargs
    )
    plain.load_state_dict(vit.state_dict(), strict=True)
    return plain


def test_keep_all_is_the_plain_tower():
    """Acceptance: identity."""
    vit = tiny_vit(dict(ELIP, stages=stages(1.0)))
    assert torch.equal(vit(IMAGES, HINTS)[0], plain_copy(vit)(IMAGES)[0])


def test_no_text_is_the_plain_tower():
    """Acceptance: no-text. For output and gradient."""
    vit = tiny_vit(ELIP)
    plain = plain_copy(vit)
    ours, theirs = vit(IMAGES)[0], plain(IMAGES)[0]
    assert torch.equal(ours, theirs)
    ours.square().sum().backward()
    theirs.square().sum().backward()
    for (name, one), other in zip(vit.named_parameters(), plain.parameters()):
        assert torch.equal(one.grad, other.grad), name


def test_switched_off_is_the_plain_tower():
    vit = tiny_vit(dict(ELIP, without_guidance='vision'))
    out = vit(IMAGES, HINTS, reduce=False)[0]
    assert torch.equal(out, plain_copy(vit)(IMAGES)[0])


def test_prune_one():
    """A lone merged token only moves, so CLS hardly changes.

    Acceptance: prune-one.
    """
    vit = tiny_vit(dict(ELIP, keep_counts=(63, 63, 63)))
    pruned, plain = vit(IMAGES, HINTS)[0], vit(IMAGES)[0]
    assert pruned.shape == plain.shape
    torch.testing.assert_close(pruned[:, 0], plain[:, 0], rtol=0, atol=1e-4)


def test_order_of_the_patches_does_not_matter():
    """Acceptance: permutation. Permuted after the position embedding."""
    vit = tiny_vit(ELIP)
    order = torch.randperm(64)
    embed = vit.embed

    def permuted(images):
        state = embed(images)
        tokens = state.tokens
        patches = tokens[:, 1:][:, order]
        return state.with_tokens(torch.cat([tokens[:, :1], patches], dim=1))

    straight = vit.encode(IMAGES, HINTS)
    with patch.object(vit, 'embed', permuted):
        shuffled = vit.encode(IMAGES, HINTS)
    kept = straight.owner < 26
    assert torch.equal(kept[:, order], shuffled.owner < 26)
    for part in (slice(0, 1), slice(26, 27)):  # class token, merged token
        torch.testing.assert_close(
            straight.tokens[:, part], shuffled.tokens[:, part]
        )
    torch.testing.assert_close(
        straight.tokens.sum(1), shuffled.tokens.sum(1), rtol=1e-4, atol=1e-4
    )


def test_batch_is_a_stack_of_single_images():
    """Acceptance: batch-independence."""
    vit = tiny_vit(ELIP)
    together = vit(IMAGES, HINTS)[0]
    alone = [
        vit(IMAGES[i : i + 1], Hints(guidance=GUIDANCE[i : i + 1]))[0]
        for i in range(3)
    ]
    torch.testing.assert_close(
        together, torch.cat(alone), rtol=1e-5, atol=1e-5
    )


def test_vision_share_of_one_ignores_the_text():
    """Acceptance: text-weight."""
    vit = tiny_vit(dict(ELIP, text_weight=0.0))
    one, other = vit(IMAGES, HINTS)[0], vit(IMAGES, OTHER)[0]
    assert torch.equal(one, other)


def test_text_share_of_one_ignores_the_class_token():
    """The first stage's ranking does not see the image's CLS.

    Acceptance: text-weight.
    """
    vit = tiny_vit(dict(ELIP, text_weight=1.0))
    state = vit.embed(IMAGES)
    moved = state.with_tokens(
        torch.cat([state.tokens[:, :1] + 1, state.tokens[:, 1:]], dim=1)
    )
    probes = [vit.reducer.blend(one, GUIDANCE) for one in (state, moved)]
    assert torch.equal(*probes)


def test_text_decides_and_does_nothing_else():
    """With one and the same plan, text leaves no trace.

    Acceptance: no-text-leakage.
    """
    vit = tiny_vit(ELIP)
    ranking = torch.rand(3, 65)

    def constant(scores, *args, **kwargs):
        return keep_and_fuse(ranking[:, : scores.shape[1]], *args, **kwargs)

    keep_and_fuse = elip_module.keep_and_fuse
    with patch.object(elip_module, 'keep_and_fuse', constant):
        one, other = vit(IMAGES, HINTS)[0], vit(IMAGES, OTHER)[0]
    assert torch.equal(one, other)
    assert not torch.equal(vit(IMAGES, HINTS)[0], vit(IMAGES, OTHER)[0])


@pytest.mark.parametrize('layer_cfgs', [dict(), dict(attn_drop_rate=0.1)])
def test_look_ahead_is_never_random(layer_cfgs):
    """Acceptance: determinism."""
    vit = tiny_vit(
        ELIP, drop_rate=0.1, drop_path_rate=0.5, layer_cfgs=layer_cfgs
    ).train()
    vit.layers[3].eval()  # a frozen layer must stay as it is
    flags = {name: part.training for name, part in vit.named_modules()}
    probe = torch.randn(2, 65, 96)
    before = torch.get_rng_state()
    scores = [vit.look_ahead(2, probe, 5) for _ in range(2)]
    assert torch.equal(*scores)
    assert torch.equal(before, torch.get_rng_state())
    assert flags == {name: part.training for name, part in vit.named_modules()}
    # The real pass is random all the same.
    outs = [vit(IMAGES, HINTS)[0] for _ in range(2)]
    assert not torch.equal(*outs)
