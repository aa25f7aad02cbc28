# Copyright (c) elip_mm contributors. All rights reserved.
"""Whole steps against a restatement in loops, in double precision.

The numbers of the released code are compared by tests/test_parity, if its
files are there. This restatement follows the description pair by pair.
"""

import pytest
import torch
import torch.nn.functional as F

from elip_mm.registry import MODELS
from elip_mm.structures import Hints
from tests.support.tiny_momentum import (
    DEC,
    ENC,
    MASK,
    PAD,
    settings,
    tiny_pretrainer,
    total,
    toy_pairs,
)

ALPHA, BATCH = 0.4, 4


def soft_loss(logits, momentum, own):
    """Cross-entropy of one row against its mixed target."""
    target = ALPHA * momentum.softmax(0)
    target[own] += 1 - ALPHA
    return -(target * logits.log_softmax(0)).sum()


def contrast(model, image, text, image_m, text_m, before):
    """Mean over the pairs of both directions."""
    losses, logits = [], {}
    for name, query, soft_query, bank, queue in (
        ('i2t', image, image_m, text_m, before['queue.text_queue']),
        ('t2i', text, text_m, image_m, before['queue.image_queue']),
    ):
        candidates = torch.cat([torch.stack(bank), queue.t()])
        logits[name] = []
        for own in range(BATCH):
            row = candidates @ query[own] / model.temp
            soft = candidates @ soft_query[own] / model.temp.detach()
            losses.append(soft_loss(row, soft.detach(), own) / 2)
            logits[name].append(row[:BATCH].detach())
    return sum(losses) / BATCH, logits


def hardest(row, own):
    """Index of the most similar wrong partner."""
    wrong = [i for i in range(BATCH) if i != own]
    return max(wrong, key=lambda i: row[i].item())


def restate(model, images, ids, masked=None, labels=None):
    """The losses of a step, one pair at a time."""
    before = {k: v.clone() for k, v in model.state_dict().items()}
    momentum_encoder, encoder = model.momentum_encoder, model.text_encoder
    lengths = (ids != PAD).sum(dim=1).tolist()
    short = [ids[b : b + 1, : lengths[b]] for b in range(BATCH)]
    image, text, image_m, text_m = [], [], [], []
    tokens, tokens_m, states = [], [], []
    momentum_encoder.update(model.online_modules())
    for b in range(BATCH):
        picture = images[b : b + 1]
        states.append(encoder(short[b]).tokens)
        guide = states[b][:, 0].detach()
        hints = Hints(guidance=guide)
        tokens.append(model.vision_backbone.encode(picture, hints).tokens)
        image.append(F.normalize(model.vision_neck(tokens[b][0, 0]), dim=0))
        text.append(F.normalize(model.text_neck(states[b][0, 0]), dim=0))
        with torch.no_grad():
            seen = momentum_encoder.vision_backbone.encode(
                picture, reduce=False
            ).tokens
            read = momentum_encoder.text_encoder(short[b]).pooled[0]
            tokens_m.append(seen)
            image_m.append(
                F.normalize(momentum_encoder.vision_neck(seen[0, 0]), dim=0)
            )
            text_m.append(F.normalize(momentum_encoder.text_neck(read), dim=0))
    itc, logits = contrast(model, image, text, image_m, text_m, before)

    def match(t, v):
        if model.cross_name == 'albef':
            fused = encoder.fuse(short[t], states[t], tokens[v])
        else:
            led = short[t].clone()
            led[:, 0] = ENC
            fused = encoder.read(led, tokens[v])
        return model.heads['itm'].fc(fused[0, 0])

    rows = [(match(b, b), 1) for b in range(BATCH)]
    for b in range(BATCH):
        rows.append((match(b, hardest(logits['t2i'][b], b)), 0))
        rows.append((match(hardest(logits['i2t'][b], b), b), 0))
    itm = -sum(row.log_softmax(0)[y] for row, y in rows) / len(rows)
    if model.cross_name == 'albef':
        words = masked_words(model, masked, labels, tokens, tokens_m)
    else:
        words = next_words(model, short, tokens)
    return itc, itm, sum(words) / len(words)


def masked_words(model, masked, labels, tokens, tokens_m):
    momentum_encoder, encoder = model.momentum_encoder, model.text_encoder
    words = []
    for b in range(BATCH):
        own = encoder.read(masked[b : b + 1], tokens[b])[0]
        with torch.no_grad():
            soft = momentum_encoder.text_encoder.read(
                masked[b : b + 1], tokens_m[b]
            )[0]
        for place in (labels[b] >= 0).nonzero().flatten():
            logits = model.heads['mlm'].predictor(
                own[place], encoder.vocabulary
            )
            with torch.no_grad():
                taught = momentum_encoder.predictor(
                    soft[place], momentum_encoder.text_encoder.vocabulary
                )
            words.append(soft_loss(logits, taught, labels[b, place]))
    return words


def next_words(model, short, tokens):
    encoder, words = model.text_encoder, []
    for b in range(BATCH):
        led = short[b].clone()
        led[:, 0] = DEC
        states = model.text_decoder(encoder, led, tokens[b])[0]
        for place in range(led.shape[1] - 1):
            logits = model.heads['lm'].predictor(
                states[place], encoder.vocabulary
            )
            shares = logits.log_softmax(0)
            words.append(
                -0.9 * shares[led[0, place + 1]] - 0.1 * shares.mean()
            )
    return words


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_step_is_its_restatement(family):
    """Losses, gradients, momentum encoder, all to near double precision."""
    images, ids = toy_pairs(BATCH)
    images = images.double()
    masked, labels = ids.clone(), torch.full_like(ids, -100)
    for row, place in enumerate((1, 2, 3, 2)):
        labels[row, place], masked[row, place] = ids[row, place], MASK
    found = []
    for restated in (False, True):
        model = tiny_pretrainer(family).double()
        model.cross_name = family
        model.set_alpha(ALPHA)  # 0.4 was rounded to single precision
        model.temp.data.fill_(0.07)
        if restated:
            losses = restate(model, images, ids, masked, labels)
        else:
            model.mask_text = lambda ids: (masked, labels)
            out = model.compute_losses(images, ids)
            last = 'loss_mlm' if family == 'albef' else 'loss_lm'
            losses = [out[key] for key in ('loss_itc', 'loss_itm', last)]
        sum(losses).backward()
        found.append((model, [loss.detach() for loss in losses]))
    (ours, mine), (theirs, expected) = found
    for a, b in zip(mine, expected):
        torch.testing.assert_close(a, b, atol=1e-10, rtol=1e-10)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters()):
        torch.testing.assert_close(p, q, msg=name)
        if p.requires_grad:
            scale = q.grad.abs().max().clamp(min=1e-6)
            assert (p.grad - q.grad).abs().max() <= 1e-8 * scale, name


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_steps_under_autocast_are_finite(family):
    model = tiny_pretrainer(family)
    with torch.autocast('cpu', torch.bfloat16):
        losses = model.compute_losses(*toy_pairs(3))
    total(losses).backward()
    for name, value in losses.items():
        assert torch.isfinite(value).all(), name
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_mistakes_in_configs_are_named(family):
    cfg = settings(family)
    cfg['heads'].pop('itm')
    with pytest.raises(ValueError, match="needs a head named 'itm'"):
        MODELS.build(cfg)
    cfg = settings(family)
    cfg['text_neck'] = None
    with pytest.raises(ValueError, match='needs a text_neck'):
        MODELS.build(cfg)
