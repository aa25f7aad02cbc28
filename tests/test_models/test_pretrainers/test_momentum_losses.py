# Copyright (c) elip_mm contributors. All rights reserved.
"""Contrastive, matching and language losses.

Acceptance: itc-targets, itm-rows, mlm-ratio, lm-loss.
"""

import pytest
import torch
import torch.nn.functional as F

from elip_mm.models.losses import language_loss, soft_target_loss
from elip_mm.ops import draw_negatives, mask_tokens, negative_weights
from tests.support.tiny_momentum import (
    CLS,
    DEC,
    ENC,
    MASK,
    PAD,
    VOCAB,
    tiny_pretrainer,
    toy_pairs,
)

BOTH = pytest.mark.parametrize('family', ['albef', 'blip'])


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_soft_targets_are_a_distribution():
    logits, momentum = draw(4, 9), draw(4, 9, seed=1)
    own, alpha = torch.tensor([0, 1, 2, 3]), torch.tensor(0.4)
    target = alpha * momentum.softmax(1) + (1 - alpha) * F.one_hot(own, 9)
    torch.testing.assert_close(target.sum(1), torch.ones(4))
    expected = -(target * logits.log_softmax(1)).sum(1).mean()
    loss = soft_target_loss(logits, momentum, own, alpha)
    torch.testing.assert_close(loss, expected)
    hard = soft_target_loss(logits, momentum, own, torch.tensor(0.0))
    torch.testing.assert_close(hard, F.cross_entropy(logits, own))


def test_soft_targets_send_no_gradient_to_the_momentum_encoder():
    logits, momentum = draw(2, 5).requires_grad_(), draw(2, 5).requires_grad_()
    own, alpha = torch.tensor([0, 1]), torch.tensor(0.5)
    soft_target_loss(logits, momentum, own, alpha).backward()
    assert momentum.grad is None and logits.grad.abs().sum() > 0


@BOTH
def test_alpha_zero_is_plain_contrast(family):
    model = tiny_pretrainer(family)
    model.set_alpha(0.0)
    pairs = model.encode_pairs(*toy_pairs(3))
    loss = model.heads['itc'].loss(pairs)['loss_itc']
    scores = [
        pairs.image_embed @ pairs.momentum.text_candidates.t() / model.temp,
        pairs.text_embed @ pairs.momentum.image_candidates.t() / model.temp,
    ]
    expected = sum(F.cross_entropy(s, torch.arange(3)) for s in scores) / 2
    torch.testing.assert_close(loss, expected)
    with pytest.raises(ValueError, match='alpha must lie'):
        model.set_alpha(1.5)


@pytest.mark.parametrize('start, bound', [(5.0, 0.5), (1e-6, 0.001)])
def test_temperature_stays_in_its_bounds(start, bound):
    model = tiny_pretrainer('blip')
    with torch.no_grad():
        model.temp.fill_(start)
    losses = model.compute_losses(*toy_pairs(2))
    assert losses['temperature'] == torch.tensor(bound)
    assert model.temp.item() == pytest.approx(bound)


@BOTH
def test_matching_has_three_rows_a_pair(family):
    model = tiny_pretrainer(family)
    pairs = model.encode_pairs(*toy_pairs(4))
    texts, images = model.heads['itm'].make_rows(pairs)
    assert len(texts) == len(images) == 12
    assert (texts == images).tolist() == [True] * 4 + [False] * 8
    assert texts[:8].tolist() == images[8:].tolist() * 2
    seen = []

    def watch(ids, states, memory):
        seen.append((ids, states, memory))
        return states

    head, losses = model.heads['itm'], None
    object.__setattr__(pairs, 'cross_encode', watch)
    losses = head.loss(pairs)
    ids, states, memory = seen[0]
    # Looked up, not encoded again, and in their reduced length.
    assert torch.equal(memory, pairs.vision.tokens[images])
    assert torch.equal(states, pairs.text.tokens[texts])
    labels = torch.tensor([1] * 4 + [0] * 8)
    torch.testing.assert_close(
        losses['loss_itm'], F.cross_entropy(head(states), labels)
    )


@BOTH
def test_a_single_pair_has_no_negatives(family):
    model = tiny_pretrainer(family)
    losses = model.compute_losses(*toy_pairs(1))
    assert all(torch.isfinite(v).all() for v in losses.values())
    pairs = model.encode_pairs(*toy_pairs(1))
    assert model.heads['itm'].make_rows(pairs)[0].tolist() == [0]


def test_negatives_are_never_right():
    logits = draw(6, 6) * 300  # so sure that most shares underflow
    weights = negative_weights(logits)
    assert (weights.diagonal() == 0).all()
    assert ((weights > 0).sum(1) == 5).all()
    torch.manual_seed(0)
    own = torch.arange(6)
    for _ in range(50):
        assert (draw_negatives(weights) != own).all()
    hardest = logits.masked_fill(torch.eye(6).bool(), -1e9).argmax(1)
    soft = negative_weights(logits / 300)
    assert torch.equal(draw_negatives(soft, 'hardest'), hardest)


def test_negatives_follow_their_weights():
    logits = torch.tensor([[9.0, 0.0, 1.0], [0.0] * 3, [0.0] * 3])
    weights = negative_weights(logits)
    torch.manual_seed(0)
    drawn = torch.stack([draw_negatives(weights)[0] for _ in range(4000)])
    expected = (weights[0, 2] / weights[0].sum()).item()
    assert (drawn == 2).float().mean().item() == pytest.approx(
        expected, abs=0.03
    )


def test_other_captions_of_the_image_are_no_negatives():
    images = torch.tensor([7, 7, 8, 9])
    same = images[:, None] == images
    weights = negative_weights(draw(4, 4), same)
    assert (weights[same] == 0).all()
    assert (weights[~same] > 0).all()
    # If all are right, at least the own one is spared.
    all_same = negative_weights(draw(3, 3), torch.ones(3, 3).bool())
    assert torch.equal(all_same, 1 - torch.eye(3))
    assert (draw_negatives(all_same) != torch.arange(3)).all()


def test_masking_shares():
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 30522, (4000, 25), generator=generator)
    ids[:, 0], ids[::2, 20:] = CLS, PAD
    hidden, labels = mask_tokens(
        ids, MASK, 30522, (PAD, CLS), generator=generator
    )
    allowed = (ids != PAD) & (ids != CLS)
    chosen = labels >= 0
    assert not (chosen & ~allowed).any()
    share = chosen.sum() / allowed.sum()
    assert share.item() == pytest.approx(0.15, abs=0.005)
    masked = (hidden == MASK)[chosen].float().mean().item()
    kept = (hidden == ids)[chosen].float().mean().item()
    assert masked == pytest.approx(0.8, abs=0.01)
    assert kept == pytest.approx(0.1, abs=0.01)
    assert torch.equal(hidden[~chosen], ids[~chosen])
    assert torch.equal(labels[chosen], ids[chosen])
    assert hidden[chosen].max() > 30000 and hidden.min() >= 0


def test_albef_spares_padding_and_cls():
    model = tiny_pretrainer('albef', mask_ratio=1.0)
    _, ids = toy_pairs(8)
    _, labels = model.mask_text(ids)
    assert torch.equal(labels >= 0, (ids != PAD) & (ids != CLS))


def test_language_loss_smooths_over_the_vocabulary():
    logits = draw(6, VOCAB).requires_grad_()
    labels = torch.tensor([3, -100, 7, 0, -100, 49])
    target = torch.full((6, VOCAB), 0.1 / VOCAB)
    for row, label in enumerate(labels):
        if label >= 0:
            target[row, label] += 0.9
    expected = -(target * logits.log_softmax(1)).sum(1) * (labels >= 0)
    loss = language_loss(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(loss, expected)


def test_language_loss_mixes_soft_labels():
    logits, momentum = draw(3, VOCAB), draw(3, VOCAB, seed=1)
    labels, alpha = torch.tensor([3, -100, 7]), torch.tensor(0.4)
    soft = -(momentum.softmax(1) * logits.log_softmax(1)).sum(1)
    hard = F.cross_entropy(logits, labels.clamp(min=0), reduction='none')
    expected = (0.6 * hard + 0.4 * soft) * (labels >= 0)
    loss = language_loss(logits, labels, 0.0, momentum, alpha)
    torch.testing.assert_close(loss, expected)


def test_causal_loss_predicts_the_next_token():
    """Acceptance: lm-loss. The whole model, without padding."""
    model = tiny_pretrainer('blip')
    images, ids = toy_pairs(4)
    pairs = model.encode_pairs(images, ids)
    read = ids.clone()
    read[:, 0] = DEC
    states = model.text_decoder(model.text_encoder, read, pairs.vision.tokens)
    head = model.heads['lm']
    logits = head.predictor(states, model.text_encoder.vocabulary)
    expected = F.cross_entropy(
        logits[:, :-1].flatten(0, 1),
        read[:, 1:].flatten(),
        ignore_index=PAD,
        label_smoothing=0.1,
    )
    torch.testing.assert_close(head.loss(pairs)['loss_lm'], expected)
    assert (ids[:, 0] == CLS).all()  # the caller's ids are left alone


def test_blip_matches_led_by_enc(monkeypatch):
    model = tiny_pretrainer('blip')
    seen = []
    monkeypatch.setattr(
        model.text_encoder, 'read', lambda ids, memory: seen.append(ids)
    )
    _, ids = toy_pairs(2)
    model.cross_encode(ids, None, None)
    assert (seen[0][:, 0] == ENC).all()
    assert torch.equal(seen[0][:, 1:], ids[:, 1:])


def test_a_batch_without_hidden_words():
    model = tiny_pretrainer('albef', mask_ratio=0.0)
    losses = model.compute_losses(*toy_pairs(2))
    assert losses['loss_mlm'] == 0
    losses['loss_mlm'].backward()
