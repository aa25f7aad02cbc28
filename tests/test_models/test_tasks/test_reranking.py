# Copyright (c) elip_mm contributors. All rights reserved.
"""Retrieval in two stages, in one process.

Acceptance: retrieval.
"""

import pytest
import torch

from tests.support.tiny_momentum import (
    CLS,
    ENC,
    PAD,
    tiny_pretrainer,
    toy_pairs,
)
from tests.test_models.test_pretrainers.test_momentum_processes import gallery

BOTH = pytest.mark.parametrize('family', ['albef', 'blip'])


def prepare(family, **kwargs):
    """A model, five images, nine captions."""
    model = tiny_pretrainer(family, **kwargs).eval()
    images, samples, num_texts = gallery(5)
    _, ids = toy_pairs(num_texts, seed=5)
    # As long as the longest caption, like ALBEF's tokenizer.
    model.tokenize = lambda _: ids[:, : int((ids != PAD).sum(1).max())]
    return model, images, samples, ids


def scores_of(model, images, samples):
    with torch.no_grad():
        feats = model.extract(images, samples)
    parts = model.predict_all(feats, samples)
    return [torch.stack([s.pred_score for s in part]) for part in parts]


def by_hand(model, images, ids):
    """Score of every pair, one at a time."""
    matrix = torch.zeros(len(images), len(ids))
    with torch.no_grad():
        for i, image in enumerate(images):
            vision = model.encode_image(image[None], reduce=False)
            for t, caption in enumerate(ids):
                caption = caption[None, : int((caption != PAD).sum())]
                text = model.encode_text(caption)
                states = model.cross_encode(
                    caption, text.tokens, vision.tokens
                )
                no_match, score = model.heads['itm'].fc(states[0, 0])
                if model.task.score == 'logit_margin':
                    score = score - no_match
                if model.task.add_similarity:
                    joint = model.embed_image(vision) @ text.embedded.T
                    score = score + joint[0, 0]
                matrix[i, t] = score
    return matrix


@BOTH
@pytest.mark.parametrize('score', ['logit', 'logit_margin'])
def test_scores_are_those_of_matching(family, score):
    """More candidates than there are: all pairs are scored, no error."""
    model, images, samples, ids = prepare(
        family, task=dict(k_test=256, score=score)
    )
    assert model.task.add_similarity == (family == 'blip')
    to_text, to_image = scores_of(model, images, samples)
    expected = by_hand(model, images, ids)
    torch.testing.assert_close(to_text, expected)
    torch.testing.assert_close(to_image, expected.T)


def test_an_unknown_score_is_named():
    with pytest.raises(ValueError, match="'logit' or 'logit_margin'"):
        prepare('albef', task=dict(score='probability'))


@BOTH
def test_only_candidates_of_the_contrast_are_scored(family):
    model, images, samples, ids = prepare(family, task=dict(k_test=2))
    found = scores_of(model, images, samples)
    with torch.no_grad():
        feats = model.extract(images, samples)
    contrast = feats['image_feat'] @ feats['text_feat'].T
    matched = by_hand(model, images, ids)
    for scores, cosine, full in (
        (found[0], contrast, matched),
        (found[1], contrast.T, matched.T),
    ):
        best = cosine.topk(2, dim=1).indices
        proposed = torch.zeros_like(scores, dtype=torch.bool)
        proposed.scatter_(1, best, True)
        assert torch.isneginf(scores[~proposed]).all()
        torch.testing.assert_close(scores[proposed], full[proposed])


@BOTH
def test_without_matching_the_contrast_decides(family):
    model, images, samples, _ = prepare(family, task=dict(k_test=0))
    with torch.no_grad():
        feats = model.extract(images, samples)
    parts = model.predict_all(feats, samples)
    expected = feats['image_feat'] @ feats['text_feat'].T
    for part, rows in zip(parts, (expected, expected.T)):
        for sample, row in zip(part, rows):
            torch.testing.assert_close(sample.pred_score, row)
            torch.testing.assert_close(sample.contrastive_score, row)
    assert [s.gt_label.tolist() for s in parts[0]][1] == [1, 2]
    assert [s.gt_label.tolist() for s in parts[1]][:3] == [[0], [1], [1]]


@BOTH
def test_images_are_not_reduced_and_texts_padded(family):
    model, images, samples, _ = prepare(family)
    with torch.no_grad():
        feats = model.extract(images, samples)
    assert feats['image_tokens'].shape[1] == 17
    assert feats['text_ids'].shape == (9, model.tokenizer.context_length)
    assert (feats['text_ids'][:, 0] == CLS).all() and ENC not in feats[
        'text_ids'
    ]
    assert ('text_states' in feats) == (family == 'albef')


@BOTH
@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision_features_are_scored_in_float32(family, autocast):
    """Features under autocast, as ``tools/test.py --amp`` makes them."""
    model, images, samples, _ = prepare(family)
    with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16):
        feats = model.extract(images, samples)
        feats = {
            key: value.bfloat16() if value.is_floating_point() else value
            for key, value in feats.items()
        }
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=autocast):
        found = model.predict_all(feats, samples)
    wide = {
        key: value.float() if value.is_floating_point() else value
        for key, value in feats.items()
    }
    for part, expected in zip(found, model.predict_all(wide, samples)):
        for sample, reference in zip(part, expected):
            for name in ('pred_score', 'contrastive_score'):
                assert sample.get(name).dtype == torch.float32
                assert torch.equal(sample.get(name), reference.get(name))
