# Copyright (c) elip_mm contributors. All rights reserved.
"""Captions guide the training loss and nothing else; how a model starts."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample

from elip_mm.evaluation import best_rank
from elip_mm.models.guidance import TextCLSGuidance
from elip_mm.structures import TextFeatures
from tests.support.tiny import ELIP, IMAGES, perturb, random_ids, tiny_clip

VISION = dict(ELIP, without_guidance='vision')


def tell(model, *captions):
    """Samples with these captions, and a tokenizer that hashes them."""
    model.tokenizer = lambda texts: torch.cat(
        [random_ids(1, sum(map(ord, text))) for text in texts]
    )
    samples = [DataSample() for _ in captions]
    for sample, caption in zip(samples, captions):
        sample.set_field(caption, 'text')
    return samples


@pytest.mark.parametrize('reducer', [ELIP, VISION], ids=['elip', 'vision'])
@pytest.mark.parametrize('reduce_at_test', [False, True])
def test_image_features_never_depend_on_captions(reducer, reduce_at_test):
    model = perturb(tiny_clip(reducer, reduce_at_test=reduce_at_test)).eval()
    features = []
    for captions in (['a', 'b', 'c'], ['dog', 'cat', 'mouse']):
        samples = tell(model, *captions)
        out = model(IMAGES, samples, mode='tensor')['image_feat']
        predicted = model(IMAGES, samples, mode='predict')
        features += [
            out.detach(),
            torch.stack([sample.image_feat for sample in predicted]),
        ]
    assert all(torch.equal(features[0], other) for other in features[1:])


def test_samples_with_several_captions_contribute_all_of_them():
    model = perturb(tiny_clip(ELIP)).eval()
    samples = tell(model, ['one', 'two'], 'three', ['four'])
    out = model(IMAGES, samples, mode='tensor')
    alone = model(IMAGES, tell(model, 'one', 'two', 'three'), mode='tensor')
    assert out['text_feat'].shape == (4, 32)
    torch.testing.assert_close(out['text_feat'][:3], alone['text_feat'])


def test_predicting_needs_no_samples():
    model = tiny_clip(ELIP).eval()
    predicted = model(IMAGES, mode='predict')
    assert [sample.grid for sample in predicted] == [(8, 8)] * 3
    assert set(model(IMAGES)) == {'image_feat'}


def test_the_first_loss_is_that_of_guessing():
    """About ln(B), in a joint space as wide as CLIP's.

    Acceptance: info-nce.
    """
    necks = {
        f'{name}_neck': dict(
            type='elip_mm.JointProjection', in_channels=width, out_channels=512
        )
        for name, width in (('vision', 96), ('text', 48))
    }
    model = tiny_clip(ELIP, **necks)
    model.init_weights()
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(24, 3, 64, 64, generator=draw)
    loss = model.compute_losses(images, random_ids(24))['loss_contrastive']
    assert loss.item() == pytest.approx(math.log(24), abs=0.25)


def test_sentence_feature_guides_as_it_is_and_gets_no_gradient():
    pooled = torch.randn(3, 96, requires_grad=True)
    text = TextFeatures(tokens=pooled[:, None], pooled=pooled)
    guidance = TextCLSGuidance()(text, None)
    assert torch.equal(guidance, pooled) and not guidance.requires_grad


@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision_features_are_ranked_in_float32(autocast):
    """In bfloat16 a fifth of the cosines are ties, which count as misses."""
    draw = torch.Generator().manual_seed(3)
    image = F.normalize(torch.randn(200, 32, generator=draw), dim=-1)
    text = image + 0.3 * torch.randn(200, 32, generator=draw)
    text = F.normalize(text, dim=-1)
    samples = []
    for place in range(200):
        sample = DataSample()
        sample.set_field([place], 'gt_text_id')
        sample.set_field([[place]], 'gt_image_id')
        samples.append(sample)
    feats = dict(image_feat=image.bfloat16(), text_feat=text.bfloat16())
    with torch.autocast('cpu', enabled=autocast):
        found = tiny_clip().predict_all(feats, samples, 200, 200)
    cosine = feats['image_feat'].float() @ feats['text_feat'].float().T
    for part, scores in zip(found, (cosine, cosine.T)):
        assert torch.equal(torch.stack([s.pred_score for s in part]), scores)
        for sample, row in zip(part, scores):
            right = sample.gt_label
            assert (
                best_rank(sample.pred_score, right) == (row > row[right]).sum()
            )


def test_a_test_in_mixed_precision_is_ranked_in_float32():
    """As ``tools/test.py --amp`` runs it: features under autocast."""
    model = perturb(tiny_clip(ELIP)).eval()
    samples = tell(model, 'a', 'b', 'c')
    for place, sample in enumerate(samples):
        sample.set_field([place], 'gt_text_id')
        sample.set_field([[place]], 'gt_image_id')
    with torch.autocast('cpu', dtype=torch.bfloat16), torch.no_grad():
        feats = model(IMAGES, samples, mode='tensor')
    for part in model.predict_all(feats, samples):
        for sample in part:
            assert sample.pred_score.dtype == torch.float32
