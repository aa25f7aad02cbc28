# Copyright (c) elip_mm contributors. All rights reserved.
"""EViT, ToMe and ELIP's light form restated token by token, in float64.

The restatements follow the definitions of the papers and of what was released
with them, with loops and python lists, and share nothing with the library but
the layers' weights. Forward and gradients agree.
"""

import math

import pytest
import torch

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints

DEPTH, WIDTH, HEADS = 4, 48, 3


def make_vit(reducer, with_cls_token=True):
    vit = PrunedViT(
        arch=dict(
            embed_dims=WIDTH,
            num_layers=DEPTH,
            num_heads=HEADS,
            feedforward_channels=96,
        ),
        img_size=40,
        patch_size=8,
        out_type='raw',
        with_cls_token=with_cls_token,
        reducer=reducer,
    )
    torch.nn.init.normal_(vit.pos_embed, std=0.5)
    for layer in vit.layers:  # attention far from uniform
        torch.nn.init.normal_(layer.attn.qkv.weight, std=0.3)
    return vit.double().eval()


def attend(layer, tokens, sizes=None):
    """One attention by its definition: (N, C) to (N, C) and its parts."""
    normed = layer.ln1(tokens)
    query, key, value = layer.attn.qkv(normed).chunk(3, dim=-1)
    dims = WIDTH // HEADS
    rows, keys, mixed = [], [], []
    for head in range(HEADS):
        part = slice(head * dims, (head + 1) * dims)
        logits = query[:, part] @ key[:, part].T / math.sqrt(dims)
        if sizes is not None:
            logits = logits + torch.tensor(sizes).double().log()
        attention = logits.softmax(dim=-1)
        rows.append(attention)
        keys.append(key[:, part])
        mixed.append(attention @ value[:, part])
    out = tokens + layer.attn.proj(torch.cat(mixed, dim=-1))
    return out, sum(rows) / HEADS, sum(keys) / HEADS, query, key


def finish(vit, tokens):
    return vit.ln1(torch.stack(tokens))


def cosine(a, b):
    return (a @ b / (a.norm() * b.norm())).item()


def check_equal(vit, tokens, restated):
    """Fail unless two results agree, and the gradients of all weights too."""
    assert (tokens - restated).abs().max().item() < 1e-10
    weights = [p for p in vit.parameters() if p.requires_grad]
    pull = torch.linspace(-1, 1, tokens.numel()).double().view_as(tokens)
    ours, theirs = (
        torch.autograd.grad((out * pull).sum(), weights, retain_graph=True)
        for out in (tokens, restated)
    )
    for one, other in zip(ours, theirs):
        assert (one - other).abs().max() <= 1e-10 * (1 + other.abs().max())


def restate_tome(vit, image, per_layer, weigh):
    state = vit.embed(image)
    prefix = state.num_prefix
    tokens, sizes = list(state.tokens[0]), [1] * state.tokens.shape[1]
    for layer, number in zip(vit.layers, per_layer):
        out, _, key, _, _ = attend(
            layer, torch.stack(tokens), sizes if weigh else None
        )
        tokens = list(out)
        if number == 0:  # nothing to concatenate, the order stays
            tokens = list(layer.feed_forward(out))
            continue
        set_a = [i for i in range(prefix, len(tokens)) if i % 2 == 0]
        set_b = [i for i in range(prefix, len(tokens)) if i % 2 == 1]
        edges = []
        for a in set_a:
            likeness = [cosine(key[a], key[b]) for b in set_b]
            best = max(range(len(set_b)), key=likeness.__getitem__)
            edges.append((likeness[best], a, set_b[best]))
        edges = sorted(edges, reverse=True)[:number]
        gone = {a for _, a, _ in edges}
        merged, new_sizes = {}, {}
        for b in set_b:
            group = [b] + [a for _, a, other in edges if other == b]
            new_sizes[b] = sum(sizes[i] for i in group)
            merged[b] = sum(sizes[i] * tokens[i] for i in group) / new_sizes[b]
        left = [i for i in range(len(tokens)) if i < prefix]
        left += [i for i in set_a if i not in gone]
        sizes = [sizes[i] for i in left] + [new_sizes[b] for b in set_b]
        tokens = [tokens[i] for i in left] + [merged[b] for b in set_b]
        tokens = list(layer.feed_forward(torch.stack(tokens)))
    return finish(vit, tokens), sizes


@pytest.mark.parametrize('weigh', [True, False])
@pytest.mark.parametrize('with_cls_token', [True, False])
@pytest.mark.parametrize(
    'settings, per_layer',
    [
        (dict(num_merge=4), [4, 4, 4, 4]),
        (dict(num_merge=3, schedule='decreasing'), [6, 4, 2, 0]),
        (dict(num_merge=4, schedule='decreasing'), [8, 5, 2, 0]),
        (dict(num_merge=(5, 0, 3, 2)), [5, 0, 3, 2]),
    ],
)
def test_tome_is_its_definition(settings, per_layer, with_cls_token, weigh):
    reducer = dict(type='elip_mm.ToMeReducer', weigh_by_size=weigh, **settings)
    vit = make_vit(reducer, with_cls_token)
    images = torch.rand(2, 3, 40, 40, dtype=torch.float64)
    state = vit.encode(images)
    for index in range(2):
        tokens, sizes = restate_tome(
            vit, images[index : index + 1], per_layer, weigh
        )
        check_equal(vit, state.tokens[index], tokens)
        assert state.sizes[index].tolist() == sizes


def restate_evit(vit, image, layers, keep, detach):
    state = vit.embed(image)
    prefix, tokens = state.num_prefix, list(state.tokens[0])
    for index, layer in enumerate(vit.layers):
        out, attention, _, query, key = attend(layer, torch.stack(tokens))
        tokens = list(out)
        if index in layers:
            if prefix:
                row = attention[0]
            else:
                asks = query.mean(dim=0).view(HEADS, -1)
                keys = key.view(len(tokens), HEADS, -1)
                logits = torch.einsum('hd,nhd->hn', asks, keys)
                logits = logits / math.sqrt(WIDTH // HEADS)
                row = logits.softmax(dim=-1).mean(dim=0)
            places = range(prefix, len(tokens))
            num_keep = math.ceil(keep * len(places))
            row = row.detach() if detach else row
            ranked = sorted(places, key=lambda i: -row[i].item())
            kept = sorted(ranked[:num_keep])
            fused = sum(row[i] * tokens[i] for i in ranked[num_keep:])
            tokens = tokens[:prefix] + [tokens[i] for i in kept] + [fused]
        tokens = list(layer.feed_forward(torch.stack(tokens)))
    return finish(vit, tokens)


@pytest.mark.parametrize('with_cls_token', [True, False])
@pytest.mark.parametrize('keep', [0.7, 0.5])
@pytest.mark.parametrize('detach', [False, True])
def test_evit_is_its_definition(with_cls_token, keep, detach):
    """The loss trains the attention that fuses, unless that is detached."""
    reducer = dict(
        type='elip_mm.EViTReducer',
        layers=(0, 2),
        keep_ratio=keep,
        detach_weights=detach,
    )
    vit = make_vit(reducer, with_cls_token)
    images = torch.rand(2, 3, 40, 40, dtype=torch.float64)
    tokens = vit.encode(images).tokens
    for index in range(2):
        expected = restate_evit(
            vit, images[index : index + 1], (0, 2), keep, detach
        )
        check_equal(vit, tokens[index], expected)


def test_evit_remembers_plans_without_their_graph():
    vit = make_vit(dict(type='elip_mm.EViTReducer', layers=(0, 2)))
    images = torch.rand(1, 3, 40, 40, dtype=torch.float64)
    plans = vit.encode(images).plans
    assert len(plans) == 2
    assert not any(taken.plan.weight.requires_grad for taken in plans)


def restate_elip_lite(vit, image, text, stages, share=0.2):
    state = vit.embed(image)
    tokens, total = list(state.tokens[0]), state.num_patches
    kept_at = []
    for index, layer in enumerate(vit.layers):
        if index in stages:
            probe = torch.stack(tokens).clone()
            probe[0] = (1 - share) * probe[0] + share * text
            _, attention, _, _, _ = attend(layer, probe)
            row = attention[0]
            num_keep = math.floor(stages[index] * total + 1e-9)
            ranked = sorted(
                range(1, len(tokens)), key=lambda i: -row[i].item()
            )
            kept, rest = sorted(ranked[:num_keep]), ranked[num_keep:]
            mass = sum(row[i] for i in rest) + 1e-6
            fused = sum(row[i] / mass * tokens[i] for i in rest)
            tokens = [tokens[0]] + [tokens[i] for i in kept] + [fused]
            kept_at.append([i - 1 for i in kept])
        out = attend(layer, torch.stack(tokens))[0]
        tokens = list(layer.feed_forward(out))
    return finish(vit, tokens), kept_at


@torch.no_grad()
def test_elip_with_shortest_look_ahead_asks_the_keys_of_its_own_layer():
    stages = {1: 0.8, 3: 0.4}
    vit = make_vit(
        dict(
            type='elip_mm.ELIPReducer',
            stages=[
                dict(layer=layer, look_ahead=1, keep_ratio=keep)
                for layer, keep in stages.items()
            ],
        )
    )
    images = torch.rand(2, 3, 40, 40, dtype=torch.float64)
    text = torch.randn(2, WIDTH, dtype=torch.float64)
    states = vit.states(images, Hints(guidance=text))
    for index in range(2):
        tokens, kept = restate_elip_lite(
            vit, images[index : index + 1], text[index], stages
        )
        error = (states[3].tokens[index] - tokens).abs().max().item()
        assert error < 1e-10
        # After the first stage tokens are still patches, one for one.
        owner = states[1].owner[index]
        sizes = states[1].sizes[index].gather(0, owner)
        assert torch.nonzero(sizes == 1).flatten().tolist() == kept[0]
