# Copyright (c) elip_mm contributors. All rights reserved.
"""Gradient caching is the whole batch, in less memory."""

from unittest.mock import patch

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmpretrain.structures import DataSample

from elip_mm.analysis.peak_memory import peak_bytes
from elip_mm.engine.optimizers import AutocastOptimWrapper
from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import PairEmbeddings
from elip_mm.utils import register_all_modules
from tests.support.processes import one_at_a_time, run_ranks
from tests.support.tiny import ELIP, perturb, random_ids, tiny_clip

register_all_modules()
BATCH = 7  # three chunks of 3, 3 and 1
IMAGES = torch.randn(
    BATCH, 3, 64, 64, generator=torch.Generator().manual_seed(8)
)
IDS = random_ids(BATCH, seed=9)
SIGMOID = dict(
    type='elip_mm.SigLIPPretrainer',
    heads=dict(sigmoid=dict(type='elip_mm.SigmoidHead', init_bias=-1.0)),
)


def build(reducer=None, chunk_size=None, **kwargs):
    return perturb(tiny_clip(reducer, chunk_size=chunk_size, **kwargs))


def step(model, images=IMAGES, ids=IDS):
    loss = model.parse_losses(model.compute_losses(images, ids))[0]
    loss.backward()
    return loss.detach()


def check_gradients(actual, expected, tolerance=1e-5):
    wanted = dict(expected.named_parameters())
    for name, parameter in actual.named_parameters():
        goal = wanted[name].grad
        worst = (parameter.grad - goal).abs().max()
        assert worst <= tolerance * goal.abs().max().clamp(max=1), name


@pytest.mark.parametrize(
    'reducer',
    [
        None,
        ELIP,
        dict(type='elip_mm.ELIPReducer', merge_tokens=4),
        dict(type='elip_mm.ToMeReducer'),
        dict(type='elip_mm.RandomReducer'),
    ],
    ids=['dense', 'elip', 'merging', 'tome', 'random'],
)
@pytest.mark.parametrize('kind', [{}, SIGMOID], ids=['softmax', 'sigmoid'])
def test_chunks_are_the_whole_batch(reducer, kind):
    whole, chunked = build(reducer, **kind), build(reducer, 3, **kind)
    torch.testing.assert_close(step(chunked), step(whole), rtol=0, atol=1e-5)
    check_gradients(chunked, whole)
    scale = [n for n, _ in chunked.named_parameters() if 'logit_scale' in n]
    assert chunked.get_parameter(scale[0]).grad.abs() > 0


def test_layers_may_be_checkpointed_besides():
    whole, chunked = build(ELIP), build(ELIP, 3)
    chunked.vision_backbone.with_cp = True
    torch.testing.assert_close(step(chunked), step(whole), rtol=0, atol=1e-5)
    check_gradients(chunked, whole)


def test_nothing_is_decided_twice():
    model = build(ELIP, 3)
    with patch.object(
        PrunedViT,
        'look_ahead',
        autospec=True,
        side_effect=PrunedViT.look_ahead,
    ) as look_ahead:
        losses = model.compute_losses(IMAGES, IDS)
        first = look_ahead.call_count
        losses['loss_contrastive'].backward()
    assert look_ahead.call_count == first == 3 * 3


def test_second_pass_draws_the_numbers_of_the_first():
    model = build(ELIP, 3)
    for layer in model.vision_backbone.layers:
        layer.attn.proj_drop.p = 0.3
    torch.manual_seed(3)
    step(model)
    plain = build(ELIP)
    for layer in plain.vision_backbone.layers:
        layer.attn.proj_drop.p = 0.3
    torch.manual_seed(3)
    embedded = [
        plain.encode_pairs(images, ids)
        for images, ids in zip(IMAGES.split(3), IDS.split(3))
    ]
    pairs = PairEmbeddings(
        torch.cat([chunk.image_embed for chunk in embedded]),
        torch.cat([chunk.text_embed for chunk in embedded]),
    )
    plain.heads['contrastive'].loss(pairs)['loss_contrastive'].backward()
    check_gradients(model, plain)


def test_activations_are_those_of_one_chunk():
    model, images, ids = build(ELIP, 4), IMAGES.repeat(4, 1, 1, 1), IDS
    step(model, images[:4], ids[:4])  # gradients are there from now on
    one, two, seven = (
        peak_bytes(
            lambda size=size: step(model, images[:size], random_ids(size))
        )
        for size in (4, 8, 28)
    )
    # From the second chunk on sums of gradients wait for the others; beyond
    # that a pair leaves its embeddings, plans and what is copied of them.
    assert seven - two < 0.02 * 20 / 4 * one
    weights = sum(p.numel() * 4 for p in model.parameters())
    assert two - one < 1.1 * weights


def test_small_batches_and_evaluation_need_no_chunks():
    model = build(ELIP, BATCH)
    assert hasattr(model.encode_pairs(IMAGES, IDS), 'vision')
    with torch.no_grad():
        alone = build(ELIP, 3).compute_losses(IMAGES, IDS)['loss_contrastive']
    torch.testing.assert_close(
        alone, model.compute_losses(IMAGES, IDS)['loss_contrastive'].detach()
    )


@pytest.mark.parametrize('wrapper', [OptimWrapper, AutocastOptimWrapper])
def test_train_step_with_accumulation_and_mixed_precision(wrapper):
    results = []
    for chunk_size in (None, 3):
        model = with_captions(build(ELIP, chunk_size))
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
        optim_wrapper = wrapper(optimizer=optimizer, accumulative_counts=2)
        optim_wrapper.initialize_count_status(model, 0, 2)
        for _ in range(2):
            log = model.train_step(batch(), optim_wrapper)
        results.append((log['loss'], model))
    (whole, plain), (chunked, cached) = results
    tolerance = 1e-5 if wrapper is OptimWrapper else 2e-2
    torch.testing.assert_close(whole, chunked, rtol=0, atol=tolerance)
    for one, other in zip(plain.parameters(), cached.parameters()):
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance)


def with_captions(model):
    model.tokenizer = lambda texts: IDS[[int(text) for text in texts]]
    model.tokenizer.vocab_size = 50
    return model


def batch(rows=range(BATCH)):
    samples = [DataSample() for _ in rows]
    for row, sample in zip(rows, samples):
        sample.set_field(str(row), 'text')
    return dict(inputs=IMAGES[list(rows)], data_samples=samples)


def work(rank, results):
    model = MMDistributedDataParallel(with_captions(build(ELIP, 2)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    optim_wrapper = OptimWrapper(optimizer=optimizer)
    optim_wrapper.zero_grad = lambda: None
    model.train_step(batch(range(3 * rank, 3 * rank + 3)), optim_wrapper)
    if rank == 0:
        torch.save([p.grad for p in model.module.parameters()], results)


@one_at_a_time
def test_two_processes_in_chunks_are_one_whole_batch(tmp_path):
    results = tmp_path / 'results.pt'
    run_ranks(work, tmp_path, results)
    whole, chunked = build(ELIP), build(ELIP)
    step(whole, IMAGES[:6], IDS[:6])
    gradients = torch.load(results, weights_only=True)
    for parameter, gradient in zip(chunked.parameters(), gradients):
        parameter.grad = gradient
    check_gradients(chunked, whole)


def test_heads_that_want_more_say_so():
    pairs = PairEmbeddings(IMAGES, IMAGES)
    with pytest.raises(AttributeError, match='chunk_size'):
        pairs.vision  # noqa: B018


@pytest.mark.parametrize('chunk_size', [0, -4])
def test_chunks_must_hold_something(chunk_size):
    with pytest.raises(ValueError, match='chunk_size'):
        build(chunk_size=chunk_size)


def test_moving_average_refuses_chunks():
    settings = dict(
        patch_scorer=dict(type='elip_mm.MomentumPatchScorer'),
        guidance=None,
        chunk_size=2,
    )
    with pytest.raises(ValueError, match='remove chunk_size'):
        tiny_clip(dict(type='elip_mm.AttentiveReducer'), **settings)
