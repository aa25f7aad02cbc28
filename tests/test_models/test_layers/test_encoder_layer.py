# Copyright (c) elip_mm contributors. All rights reserved.
"""The encoder layer in halves, and what a look-ahead asks of it."""

import pytest
import torch
from mmpretrain.models.backbones.vision_transformer import (
    TransformerEncoderLayer,
)
from torch import nn

from elip_mm.models.layers import ReducibleEncoderLayer, no_dropout
from elip_mm.ops import keep_and_fuse
from tests.support.tiny import perturb, seeded

TOKENS = torch.randn(2, 9, 24, generator=torch.Generator().manual_seed(0))


def make_layer(**kwargs):
    with seeded():
        return perturb(ReducibleEncoderLayer(24, 3, 48, **kwargs))


def test_halves_make_a_whole():
    layer = make_layer()
    attended, _ = layer.attend(TOKENS)
    out, plan = layer(TOKENS)
    assert plan is None and torch.equal(out, layer.feed_forward(attended))


def test_a_plan_is_followed_between_the_halves():
    layer, scores = make_layer(), torch.rand(2, 9)
    plan = keep_and_fuse(scores, 4)
    out, taken = layer(TOKENS, decide=lambda tokens, trace: plan)
    attended, _ = layer.attend(TOKENS)
    assert taken is plan
    assert torch.equal(out, layer.feed_forward(plan.combine(attended)))


class Wrapped(nn.Module):
    """Stands for adapters and quantised layers: no `weight` to look at."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, tokens):
        return self.inner(tokens)


@pytest.mark.parametrize('qkv_bias', [True, False])
def test_any_projection_can_score(qkv_bias):
    """Where the keys cannot be absorbed into the query.

    Acceptance: short-score.
    """
    layer = make_layer(qkv_bias=qkv_bias)
    row = layer(TOKENS, mode='score')
    keys = layer(TOKENS, mode='mean_key')
    _, trace = layer.attend(TOKENS)
    torch.testing.assert_close(row, trace.attention_from(0))
    torch.testing.assert_close(keys, trace.mean_key())
    layer.attn.qkv = Wrapped(layer.attn.qkv)
    torch.testing.assert_close(layer(TOKENS, mode='score'), row)
    torch.testing.assert_close(layer(TOKENS, mode='mean_key'), keys)


def test_scores_are_float32_in_a_half_precision_layer():
    """Acceptance: autocast."""
    layer = make_layer().bfloat16()
    row = layer(TOKENS.bfloat16(), mode='score')
    assert row.dtype == torch.float32
    torch.testing.assert_close(row.sum(1), torch.ones(2))


def test_causal_layers_do_not_look_ahead():
    layer = make_layer(causal=True)
    changed = TOKENS.clone()
    changed[:, 5:] += 1
    one, other = layer(TOKENS)[0], layer(changed)[0]
    torch.testing.assert_close(one[:, :5], other[:, :5])
    assert not torch.allclose(one[:, 5:], other[:, 5:])


def test_calm_restores_what_it_found_even_after_an_error():
    """Acceptance: determinism."""
    layer = make_layer(drop_rate=0.5, drop_path_rate=0.5).train()
    layer.ffn.eval()
    flags = [part.training for part in layer.modules()]
    with pytest.raises(RuntimeError, match='on the way'), no_dropout(layer):
        assert torch.equal(layer(TOKENS)[0], layer(TOKENS)[0])
        raise RuntimeError('on the way')
    assert [part.training for part in layer.modules()] == flags


def test_a_look_ahead_gives_the_tokens_of_the_whole_layer_at_rest():
    layer = make_layer(drop_rate=0.5, drop_path_rate=0.5)
    expected, _ = layer.eval()(TOKENS)
    ahead = layer.train()(TOKENS, mode='look_ahead')
    assert torch.equal(ahead, expected)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(mode='scores'), "but got 'scores'"),
        (dict(mode='score', bias=torch.zeros(2, 9)), 'takes tokens alone'),
    ],
)
def test_modes_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_layer()(TOKENS, **arguments)


def test_adopting_and_releasing_change_the_class_alone():
    with seeded():
        plain = perturb(TransformerEncoderLayer(24, 3, 48)).eval()
    weights, before = dict(plain.named_parameters()), plain(TOKENS)
    attributes = set(vars(plain))
    layer = ReducibleEncoderLayer.adopt(plain)
    assert layer is plain and type(layer) is ReducibleEncoderLayer
    assert torch.equal(layer(TOKENS)[0], before)
    assert layer.release() is plain
    assert type(plain) is TransformerEncoderLayer
    assert torch.equal(plain(TOKENS), before)
    assert set(vars(plain)) == attributes
    for name, parameter in plain.named_parameters():
        assert parameter is weights[name]


def test_only_plain_layers_are_adopted():
    with pytest.raises(ValueError, match='a ReducibleEncoderLayer, whose'):
        ReducibleEncoderLayer.adopt(make_layer())
