# Copyright (c) elip_mm contributors. All rights reserved.
"""SigLIP: its loss in every way of computing it, and towers of its own.

Acceptance: sigmoid.
"""

import copy
import math

import pytest
import torch
import torch.distributed as dist

from elip_mm.models.losses import global_sigmoid_loss, sigmoid_pair_loss
from elip_mm.registry import MODELS
from elip_mm.structures import Hints
from tests.support.processes import one_at_a_time, run_ranks
from tests.support.tiny import ELIP, perturb, random_ids, seeded, tiny_clip

BATCH, DIMS = 6, 16
HEAD = dict(sigmoid=dict(type='elip_mm.SigmoidHead'))
NATIVE = dict(
    type='elip_mm.AttentionPooling',
    in_channels=96,
    out_channels=32,
    num_heads=4,
)


def features(batch, dtype=torch.float64):
    draw = torch.Generator().manual_seed(1)
    rows = torch.randn(2, batch, DIMS, generator=draw, dtype=dtype)
    image, text = torch.nn.functional.normalize(rows, dim=-1)
    scale, bias = torch.tensor([7.0, -3.0], dtype=dtype)
    return [x.clone().requires_grad_() for x in (image, text, scale, bias)]


def value_and_gradients(loss, inputs):
    return [loss.detach(), *torch.autograd.grad(loss, inputs)]


def siglip(native=False, **kwargs):
    settings = dict(type='elip_mm.SigLIPPretrainer', heads=HEAD)
    if native:
        settings['vision_neck'] = NATIVE
        settings['vision_backbone'] = dict(
            type='elip_mm.PrunedViT',
            arch=dict(
                embed_dims=96,
                num_layers=12,
                num_heads=4,
                feedforward_channels=192,
            ),
            img_size=64,
            patch_size=8,
            with_cls_token=False,
            out_type='raw',
            layer_cfgs=dict(act_cfg=dict(type='GELU', approximate='tanh')),
            reducer=ELIP,
        )
    return tiny_clip(ELIP, **{**settings, **kwargs})


@pytest.mark.parametrize('chunk', [None, 1, 4, 6, 100])
def test_chunks_change_nothing(chunk):
    inputs = features(BATCH)
    plain = value_and_gradients(sigmoid_pair_loss(*inputs), inputs)
    ours = value_and_gradients(global_sigmoid_loss(*inputs, chunk), inputs)
    torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-14)


def test_the_gradient_follows_what_comes_back():
    inputs = features(BATCH)
    loss = global_sigmoid_loss(*inputs)
    scaled = torch.autograd.grad(3 * loss, inputs, retain_graph=True)
    for ours, plain in zip(scaled, torch.autograd.grad(loss, inputs)):
        torch.testing.assert_close(ours, 3 * plain)


@pytest.mark.parametrize('batch', [4, 16])
def test_value_at_the_start_with_orthogonal_features(batch):
    eye = torch.eye(2 * batch, dtype=torch.float64)
    scale, bias = torch.tensor([10.0, -10.0], dtype=torch.float64)
    loss = global_sigmoid_loss(eye[:batch], eye[batch:], scale, bias)
    # One softplus(10) per row and softplus(-10) for each other pair.
    one = math.log1p(math.exp(-10))
    assert loss.item() == pytest.approx(10 + one + (batch - 1) * one)
    assert loss.item() == pytest.approx(10 + (batch - 1) * 4.54e-5, abs=1e-4)


def work(rank, results, chunk):
    half = slice(rank * BATCH // 2, (rank + 1) * BATCH // 2)
    inputs = features(BATCH)
    local = [inputs[0][half], inputs[1][half], *inputs[2:]]
    loss = global_sigmoid_loss(*local, chunk)
    found = value_and_gradients(loss, inputs)
    for part in found:  # what DistributedDataParallel does
        dist.all_reduce(part)
        part /= 2
    if rank == 0:
        torch.save(found, results)


@one_at_a_time
@pytest.mark.parametrize('chunk', [None, 2])
def test_two_processes_are_one(tmp_path, chunk):
    results = tmp_path / 'results.pt'
    run_ranks(work, tmp_path, results, chunk)
    ours = torch.load(results, weights_only=True)
    inputs = features(BATCH)
    plain = value_and_gradients(sigmoid_pair_loss(*inputs), inputs)
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-12)


def test_no_block_is_larger_than_a_chunk(monkeypatch):
    from elip_mm.models.losses import sigmoid_pairs

    seen = []
    block = sigmoid_pairs._block

    def watched(image, text, *rest):
        seen.append(len(text))
        return block(image, text, *rest)

    monkeypatch.setattr(sigmoid_pairs, '_block', watched)
    saved = []
    inputs = features(BATCH)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda x: saved.append(x.numel()) or x, lambda x: x
    ):
        global_sigmoid_loss(*inputs, 4)
    assert seen == [4, 2]
    # Gradients of the inputs are kept, no logits.
    assert sorted(saved) == [1, 1, BATCH * DIMS, BATCH * DIMS]


def test_half_precision_features_are_summed_in_float32():
    inputs = [x.detach().bfloat16() for x in features(BATCH)]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = global_sigmoid_loss(*inputs)
    assert loss.dtype == torch.float32
    expected = sigmoid_pair_loss(*[x.float() for x in inputs])
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize('native', [False, True])
def test_a_step_reaches_every_parameter(native):
    model = perturb(siglip(native))
    draw = torch.Generator().manual_seed(2)
    images = torch.randn(4, 3, 64, 64, generator=draw)
    losses = model.compute_losses(images, random_ids(4))
    losses['loss_sigmoid'].backward()
    assert sum('loss' in key for key in losses) == 1
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_native_tower_looks_ahead_with_a_summary_token():
    model = perturb(siglip(native=True))
    backbone, lengths = model.vision_backbone, []
    look_ahead = backbone.look_ahead

    def watched(index, probe, depth):
        lengths.append(probe.shape[1])
        return look_ahead(index, probe, depth)

    backbone.look_ahead = watched
    images = torch.randn(2, 3, 64, 64)
    text = model.encode_text(random_ids(2))
    vision = model.encode_image(images, model.hints(images, text))
    # 64 patches and shares 0.90, 0.65, 0.40: the summary token is one more
    # than there are tokens, and is gone afterwards.
    assert lengths == [65, 59, 43]
    assert vision.tokens.shape[1] == 26 and vision.num_prefix == 0
    other = model.encode_image(images, Hints(guidance=-model.guide(text)))
    assert not torch.equal(vision.owner, other.owner)


def test_guidance_of_a_native_tower_needs_no_projection():
    neck = MODELS.build(dict(NATIVE, out_channels=None))
    joint = torch.randn(2, 96)
    assert neck(joint, transposed=True) is joint
    assert neck(torch.randn(2, 9, 96)).shape == (2, 96)


def test_pooling_is_that_of_transformers():
    from transformers import SiglipVisionConfig
    from transformers.models.siglip import modeling_siglip

    config = SiglipVisionConfig(
        hidden_size=32, intermediate_size=64, num_attention_heads=4
    )
    theirs = modeling_siglip.SiglipMultiheadAttentionPoolingHead(config)
    with seeded():
        perturb(theirs)
    ours = MODELS.build(
        dict(
            type='elip_mm.AttentionPooling',
            in_channels=32,
            num_heads=4,
            feedforward_channels=64,
        )
    )
    state = copy.copy(theirs.state_dict())
    table = (
        ('probe', 'query'),
        ('attention.', 'attn.'),
        ('layernorm.', 'norm.'),
        ('mlp.fc1.', 'ffn.0.'),
        ('mlp.fc2.', 'ffn.2.'),
    )
    for old, new in table:
        state = {key.replace(old, new): state[key] for key in state}
    ours.load_state_dict(state)
    tokens = torch.randn(3, 10, 32)
    torch.testing.assert_close(ours(tokens), theirs(tokens))


def test_chunk_size_must_make_sense():
    with pytest.raises(ValueError, match='chunk_size'):
        MODELS.build(dict(type='elip_mm.SigmoidHead', chunk_size=0))
