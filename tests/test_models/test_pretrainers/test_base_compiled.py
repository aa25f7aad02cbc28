# Copyright (c) elip_mm contributors. All rights reserved.
"""The losses of the other families are one graph each, forward and backward.

That of CLIP has a test of its own.
"""

import copy

import pytest
import torch
from mmengine import Config

from elip_mm.models.losses import global_sigmoid_loss, sigmoid_pair_loss
from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules
from tests.support.tiny import ELIP, random_ids, seeded, tiny_clip, traceable
from tests.support.tiny_momentum import tiny_pretrainer, total, toy_pairs

METER = 'configs/meter/meter_tiny_elip_1xb32_synthetic-scenes-64px.py'


def siglip():
    heads = dict(sigmoid=dict(type='elip_mm.SigmoidHead'))
    model = tiny_clip(ELIP, type='elip_mm.SigLIPPretrainer', heads=heads)
    return model, torch.randn(4, 3, 64, 64), random_ids(4)


def meter():
    register_all_modules()
    model = MODELS.build(Config.fromfile(METER).model).train()
    texts = ['a red circle', 'a small blue star left of a green square']
    return model, torch.randn(4, 3, 64, 64), model.tokenizer(texts * 2)


CASES = dict(
    siglip=siglip,
    albef=lambda: (tiny_pretrainer('albef'), *toy_pairs(4)),
    blip=lambda: (tiny_pretrainer('blip'), *toy_pairs(4)),
    meter=meter,
)


def losses_and_gradients(model, function, *batch):
    with seeded(1):
        losses = function(*batch)
        total(losses).backward()
    return losses, {n: p.grad for n, p in model.named_parameters()}


@pytest.mark.slow
@pytest.mark.no_cover
@traceable
@pytest.mark.parametrize('family', CASES)
def test_step_compiles_without_a_graph_break(family):
    torch._dynamo.reset()
    with seeded():
        model, *batch = CASES[family]()
    # A copy, for a step moves momentum encoder and queue.
    plain = copy.deepcopy(model)
    expected = losses_and_gradients(plain, plain.compute_losses, *batch)
    step = torch.compile(
        model.compute_losses, fullgraph=True, backend='aot_eager'
    )
    # How many words are guessed differs from batch to batch. Newer versions
    # of torch capture that unasked where a whole graph is wanted.
    with torch._dynamo.config.patch(capture_dynamic_output_shape_ops=True):
        found = losses_and_gradients(model, step, *batch)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.no_cover
@traceable
@pytest.mark.parametrize('chunk_size', [None, 3])
def test_sigmoid_loss_compiles(chunk_size):
    """It writes into no view, which a compiler refuses."""
    torch._dynamo.reset()
    image, text = torch.randn(2, 6, 8, dtype=torch.float64).unbind()
    scale, bias = torch.tensor([7.0, -3.0], dtype=torch.float64).unbind()
    inputs = [x.clone().requires_grad_() for x in (image, text, scale, bias)]
    loss = torch.compile(
        global_sigmoid_loss, fullgraph=True, backend='aot_eager'
    )(*inputs, chunk_size)
    expected = sigmoid_pair_loss(*inputs)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(
        torch.autograd.grad(loss, inputs),
        torch.autograd.grad(expected, inputs),
    )
