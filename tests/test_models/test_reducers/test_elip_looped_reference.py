# Copyright (c) elip_mm contributors. All rights reserved.
"""ELIP restated sample by sample in float64.

Acceptance: gradient, looped-reference, short-score.
"""

import pytest
import torch
import torch.nn.functional as F

from elip_mm.structures import Hints
from tests.support.tiny import ELIP, GUIDANCE, IMAGES, tiny_vit

STAGES = {2: (2, 57), 4: (6, 41), 10: (2, 25)}


def attention_map(layer, tokens):
    """Full attention of one sample, ``(heads, n, n)``, and its values."""
    width, heads = layer.attn.embed_dims, layer.attn.num_heads
    hidden = F.layer_norm(
        tokens, (width,), layer.ln1.weight, layer.ln1.bias, layer.ln1.eps
    )
    packed = hidden @ layer.attn.qkv.weight.t() + layer.attn.qkv.bias
    query, key, value = (
        part.reshape(len(tokens), heads, -1).transpose(0, 1)
        for part in packed.split(width, dim=-1)
    )
    logits = query @ key.transpose(1, 2) / (width // heads) ** 0.5
    return logits.softmax(-1), value


def run_layer(layer, tokens):
    attention, value = attention_map(layer, tokens)
    mixed = (attention @ value).transpose(0, 1).reshape(tokens.shape)
    tokens = tokens + mixed @ layer.attn.proj.weight.t() + layer.attn.proj.bias
    hidden = layer.ln2(tokens)
    first, second = layer.ffn.layers[0][0], layer.ffn.layers[1]
    return tokens + second(F.gelu(first(hidden)))


def look_ahead(layers, tokens, text, depth):
    with torch.no_grad():
        probe = tokens.clone()
        probe[0] = 0.8 * probe[0] + 0.2 * text
        for layer in layers[: depth - 1]:
            probe = run_layer(layer, probe)
        attention, _ = attention_map(layers[depth - 1], probe)
        return attention.mean(0)[0, 1:]


def merge(tokens, scores, num_keep):
    order = sorted(range(len(scores)), key=lambda j: -scores[j].item())
    kept, rest = sorted(order[:num_keep]), order[num_keep:]
    total = sum(scores[j] for j in rest) + 1e-6
    merged = sum(scores[j] / total * tokens[1 + j] for j in rest)
    rows = [tokens[0], *(tokens[1 + j] for j in kept), merged]
    return torch.stack(rows)


def looped(vit, images, guidance):
    """ELIP, one image after the other."""
    outputs = []
    for image, text in zip(images, guidance):
        tokens = vit.embed(image[None]).tokens[0]
        layers = list(vit.layers)
        for index, layer in enumerate(layers):
            if index in STAGES:
                depth, num_keep = STAGES[index]
                scores = look_ahead(layers[index:], tokens, text, depth)
                tokens = merge(tokens, scores, num_keep)
            tokens = run_layer(layer, tokens)
        outputs.append(vit.ln1(tokens))
    return torch.stack(outputs)


def run_tower(vit, images, guidance):
    return vit(images, Hints(guidance=guidance))[0]


@pytest.fixture(scope='module')
def double():
    return (
        tiny_vit(ELIP).double(),
        IMAGES.double(),
        GUIDANCE.double().requires_grad_(),
    )


def full_row(layer, probe):
    """Row 0 of each sample's whole attention map."""
    rows = [attention_map(layer, one)[0].mean(0)[0] for one in probe]
    return torch.stack(rows)


def test_vectorised_equals_looped(double):
    """Acceptance: looped-reference, gradient."""
    vit, images, guidance = double
    loss_of = torch.linspace(-1, 1, 96, dtype=torch.float64)
    gradients = []
    outputs = []
    for run in (looped, run_tower):
        vit.zero_grad()
        out = run(vit, images, guidance)
        (out * loss_of).sum().backward()
        outputs.append(out.detach())
        gradients.append(
            {name: p.grad.clone() for name, p in vit.named_parameters()}
        )
    torch.testing.assert_close(*outputs, rtol=0, atol=1e-10)
    for name, expected in gradients[0].items():
        scale = expected.abs().max()
        assert (gradients[1][name] - expected).abs().max() <= 1e-8 * scale, (
            name
        )


def test_no_gradient_reaches_the_text(double):
    """Acceptance: gradient."""
    vit, images, guidance = double
    guidance.grad = None
    run_tower(vit, images, guidance).sum().backward()
    assert guidance.grad is None


def test_short_score_is_row_zero_of_the_full_map(double):
    """Without keys or values of the others, the same row.

    Acceptance: short-score.
    """
    vit, _, _ = double
    probe = torch.randn(3, 65, 96, dtype=torch.float64)
    row = vit.look_ahead(7, probe, 1)
    full = full_row(vit.layers[7], probe)
    torch.testing.assert_close(row, full, rtol=0, atol=1e-12)
    torch.testing.assert_close(row.sum(1), torch.ones(3).double())


def test_short_score_in_float32():
    """Acceptance: short-score."""
    vit = tiny_vit(ELIP)
    probe = torch.randn(3, 65, 96)
    full = full_row(vit.layers[7], probe)
    row = vit.look_ahead(7, probe, 1)
    torch.testing.assert_close(row, full, rtol=0, atol=1e-6)
