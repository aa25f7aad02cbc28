# Copyright (c) elip_mm contributors. All rights reserved.
"""The losses of CLIP, its guidance, and when reduction is on.

Acceptance: info-nce, clip-guidance.
"""

import math
from unittest.mock import patch

import pytest
import torch
from mmpretrain.structures import DataSample

from elip_mm.models.losses import softmax_pair_loss
from elip_mm.structures import PairFeatures
from tests.support.tiny import ELIP, IMAGES, perturb, random_ids, tiny_clip


def samples(texts):
    made = []
    for text in texts:
        sample = DataSample()
        sample.set_field(text, 'text')
        made.append(sample)
    return made


def clip(**kwargs):
    """A model whose tokenizer hashes words into its 50 ids."""
    model = perturb(tiny_clip(ELIP, **kwargs))
    model.tokenizer = lambda texts: torch.cat(
        [random_ids(1, sum(map(ord, text))) for text in texts]
    )
    return model


def count_look_aheads(model, mode):
    vit = model.vision_backbone
    with patch.object(vit, 'look_ahead', wraps=vit.look_ahead) as watched:
        out = model(IMAGES, samples(['one', 'two', 'three']), mode=mode)
    return watched.call_count, out


def test_reduction_is_on_in_the_loss_only():
    model = clip()
    calls, losses = count_look_aheads(model, 'loss')
    assert calls == 3 and set(losses) == {
        'loss_contrastive',
        'temperature',
        'contrastive_acc',
    }
    assert count_look_aheads(model, 'tensor')[0] == 0
    calls, predicted = count_look_aheads(model, 'predict')
    assert calls == 0 and predicted[0].image_feat.shape == (32,)
    assert predicted[0].owner.shape == (64,)


@pytest.mark.parametrize('mode', ['tensor', 'predict'])
def test_captions_do_not_leak_into_image_features(mode):
    model = clip().eval()
    one, other = (
        model(IMAGES, samples(texts), mode=mode) for texts in ('abc', 'xyz')
    )
    if mode == 'predict':
        for ours, theirs in zip(one, other):
            assert torch.equal(ours.image_feat, theirs.image_feat)
    else:
        assert torch.equal(one['image_feat'], other['image_feat'])
        alone = model(IMAGES, mode=mode)
        assert torch.equal(one['image_feat'], alone['image_feat'])


def test_reduction_at_test_sees_no_text():
    """Features of an image do not depend on the captions beside it."""
    model = clip(reduce_at_test=True)
    model.vision_backbone.reducer._without_guidance = 'vision'
    calls, out = count_look_aheads(model, 'tensor')
    assert calls == 3
    other = model(IMAGES, samples(['x', 'y', 'z']), mode='tensor')
    assert torch.equal(out['image_feat'], other['image_feat'])
    assert not torch.equal(out['text_feat'], other['text_feat'])


def test_guidance_is_the_joint_feature_carried_back():
    """Acceptance: clip-guidance."""
    model = clip()
    text = model.encode_text(random_ids(3))
    guidance = model.guide(text)
    assert guidance.shape == (3, 96) and not guidance.requires_grad
    expected = text.embedded @ model.vision_neck.proj.t()
    torch.testing.assert_close(guidance, expected)


def test_projection_gets_no_gradient_through_guidance():
    """The image tower's gradient is all that reaches P.

    Acceptance: clip-guidance.
    """
    model = clip()
    ids = random_ids(3)
    with torch.no_grad():
        frozen = model.guide(model.encode_text(ids)).clone()
    gradients = []
    for guide in (model.guide, lambda text: frozen):
        with patch.object(model, 'guide', guide):
            model.zero_grad()
            model.compute_losses(IMAGES, ids)['loss_contrastive'].backward()
        gradients.append(model.vision_neck.proj.grad.clone())
    assert torch.equal(*gradients)


def unit(*shape, seed=0):
    draw = torch.Generator().manual_seed(seed)
    rows = torch.randn(*shape, generator=draw)
    return torch.nn.functional.normalize(rows, dim=-1)


def test_loss_of_unrelated_pairs_and_symmetry():
    """Acceptance: info-nce."""
    image, text = unit(64, 512), unit(64, 512, seed=1)
    scale = torch.tensor(1.0)
    loss = softmax_pair_loss(image, text, image, text, scale)
    assert abs(loss.item() - math.log(64)) < 0.01
    swapped = softmax_pair_loss(text, image, text, image, scale)
    torch.testing.assert_close(loss, swapped)


def test_initial_loss_of_a_model():
    """Before any training, it is ln(batch) in a space as wide as CLIP's.

    Acceptance: info-nce.

    Random directions of that space have cosines of variance 1 / width, and
    half the variance of the logits is what they add.
    """
    width = 512
    neck = dict(type='elip_mm.JointProjection', out_channels=width)
    model = tiny_clip(
        ELIP,
        vision_neck=dict(neck, in_channels=96),
        text_neck=dict(neck, in_channels=48),
    )
    model.init_weights()
    images = torch.randn(32, 3, 64, 64)
    losses = model.compute_losses(images, random_ids(32))
    above = losses['loss_contrastive'].item() - math.log(32)
    assert abs(above) <= (1 / 0.07) ** 2 / width / 2


def test_swapped_towers_give_the_same_loss():
    """Acceptance: info-nce. Through the head."""
    head = tiny_clip().heads['contrastive']
    image, text = unit(6, 8), unit(6, 8, seed=1)
    one, other = (
        head.loss(PairFeatures(None, None, *pair))['loss_contrastive']
        for pair in ((image, text), (text, image))
    )
    torch.testing.assert_close(one, other)


def test_loss_is_cross_entropy_both_ways():
    image, text = unit(5, 8), unit(5, 8, seed=1)
    logits = 3.0 * image @ text.t()
    expected = -sum(
        part.log_softmax(1).diag().mean() for part in (logits, logits.t())
    )
    loss = softmax_pair_loss(image, text, image, text, torch.tensor(3.0))
    torch.testing.assert_close(loss, expected / 2)


def test_temperature_starts_right_and_stays_in_its_bounds():
    """Acceptance: info-nce."""
    head = tiny_clip().heads['contrastive']
    assert abs(head.logit_scale.item() - 2.6593) < 1e-4
    pairs = PairFeatures(None, None, unit(4, 8), unit(4, 8, seed=1))
    for value, expected in ((9.0, math.log(100)), (-3.0, 0.0)):
        head.logit_scale.data.fill_(value)
        losses = head.loss(pairs)
        assert head.logit_scale.item() == pytest.approx(expected)
        assert losses['temperature'].item() == pytest.approx(
            math.exp(-expected)
        )


def test_initial_weights_have_the_deviations_of_clip():
    model = tiny_clip()
    model.init_weights()
    text, width = model.text_encoder, 48
    layer = text.layers[0]
    for tensor, std in (
        (text.token_embedding.weight, 0.02),
        (text.pos_embed, 0.01),
        (layer.attn.qkv.weight, width**-0.5),
        (layer.attn.proj.weight, width**-0.5 * 4**-0.5),
        (layer.ffn.layers[0][0].weight, (2 * width) ** -0.5),
        (layer.ffn.layers[1].weight, width**-0.5 * 4**-0.5),
        (model.text_neck.proj, width**-0.5),
        (model.vision_neck.proj, 96**-0.5),
        (model.vision_backbone.pos_embed, 96**-0.5),
    ):
        assert tensor.std().item() == pytest.approx(std, rel=0.12)


def test_causal_text_does_not_see_what_follows():
    model = clip()
    ids = random_ids(1)
    changed = ids.clone()
    changed[:, 3:5] = 7
    one, other = (model.text_encoder(x).tokens for x in (ids, changed))
    torch.testing.assert_close(one[:, :3], other[:, :3])
    assert not torch.equal(one[:, 3:], other[:, 3:])
