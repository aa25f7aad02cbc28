# Copyright (c) elip_mm contributors. All rights reserved.
"""A linear layer with a low-rank adaptation, in place of the plain one."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models.peft.lora import LoRALinear as NestedLoRALinear
from torch import nn

from elip_mm.models.layers import LoRALinear, add_lora, weight_of
from tests.support.tiny import perturb, tiny_vit


def test_it_is_the_plain_layer_first_and_the_parents_adaptation_then():
    plain = nn.Linear(6, 4)
    x = torch.randn(3, 6)
    layer = LoRALinear.adopt(copy.deepcopy(plain), rank=2, alpha=3.0)
    assert torch.equal(layer(x), plain(x))
    nested = NestedLoRALinear(plain, alpha=3, rank=2)
    perturb(layer)
    nested.load_state_dict(
        {
            'lora_down.weight': layer.lora_down,
            'lora_up.weight': layer.lora_up,
            'original_layer.weight': layer.weight,
            'original_layer.bias': layer.bias,
        }
    )
    torch.testing.assert_close(layer(x), nested(x))
    torch.testing.assert_close(
        layer(x), F.linear(x, weight_of(layer), layer.bias)
    )


def test_files_of_the_plain_layer_fit():
    plain, layer = nn.Linear(6, 4), nn.Linear(6, 4)
    LoRALinear.adopt(layer, 2, 1.0)
    perturb(layer)
    layer.load_state_dict(plain.state_dict())
    x = torch.randn(3, 6)
    assert torch.equal(layer(x), plain(x))
    with pytest.raises(RuntimeError, match='Missing key.*lora_up'):
        layer.load_state_dict(
            dict(plain.state_dict(), lora_down=layer.lora_down)
        )


@pytest.mark.parametrize('mode', ['score', 'mean_key'])
def test_the_look_ahead_sees_the_adaptation(mode):
    layer = tiny_vit().layers[0].double()
    add_lora(layer, rank=3, targets=['attn.qkv'], alpha=6.0)
    layer.attn.qkv.lora_up.data.normal_()
    merged = copy.deepcopy(layer)
    merged.attn.qkv = nn.Linear(96, 288).double()
    merged.attn.qkv.weight.data = weight_of(layer.attn.qkv).detach()
    merged.attn.qkv.bias.data = layer.attn.qkv.bias.detach()
    tokens = torch.randn(2, 65, 96).double()
    torch.testing.assert_close(
        layer(tokens, mode=mode), merged(tokens, mode=mode)
    )
    torch.testing.assert_close(layer(tokens)[0], merged(tokens)[0])


def test_only_what_is_named_is_adapted_and_trained():
    tower = tiny_vit()
    names = add_lora(tower, rank=2, targets=['proj', r'layers\.0\.ffn.*'])
    assert len(names) == 12 + 2
    trained = {n for n, p in tower.named_parameters() if p.requires_grad}
    assert trained == {
        f'{name}.{part}' for name in names for part in ('lora_down', 'lora_up')
    }


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(targets=['query']), "called 'query'; there are 0, 1, proj, qkv"),
        (dict(targets='qkv'), 'targets is a list'),
        (dict(targets=['(']), 'no regular expression'),
        (dict(targets=['qkv'], rank=0), 'rank is a positive'),
        (dict(targets=['qkv'], drop_rate=1), 'drop_rate lies in'),
    ],
)
def test_what_does_not_fit_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        add_lora(tiny_vit(), **{'rank': 2, **settings})
