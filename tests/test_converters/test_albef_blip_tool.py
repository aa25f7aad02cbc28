# Copyright (c) elip_mm contributors. All rights reserved.
"""Published names reach our models through the command-line tool."""

import re
import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.registry import MODELS

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools/model_converters/albef_blip_to_elip_mm.py'

# Our names to those of the published code.
TOWERS = [
    (r'vision_backbone\.patch_embed\.projection', 'visual.patch_embed.proj'),
    (r'vision_backbone\.layers\.(\d+)\.ln([12])', r'visual.blocks.\1.norm\2'),
    (r'vision_backbone\.layers\.(\d+)\.attn', r'visual.blocks.\1.attn'),
    (r'vision_backbone\.layers\.(\d+)\.ffn\.layers\.0\.0',
     r'visual.blocks.\1.mlp.fc1'),
    (r'vision_backbone\.layers\.(\d+)\.ffn\.layers\.1',
     r'visual.blocks.\1.mlp.fc2'),
    (r'vision_backbone\.ln1', 'visual.norm'),
    (r'vision_backbone', 'visual'),
    (r'vision_neck', 'vision_proj'),
    (r'text_neck', 'text_proj'),
]  # fmt: skip
OTHERS = [
    (r'queue\.', ''),
    (r'heads\.itm\.fc', 'itm_head'),
    (r'text_decoder\.attention\.(\d+)',
     r'text_decoder.bert.encoder.layer.\1.attention'),
    (r'heads\.lm\.predictor', 'text_decoder.cls.predictions'),
    (r'heads\.mlm\.predictor', 'text_encoder.cls.predictions'),
    (r'twin\.predictor', 'text_encoder_m.cls.predictions'),
]  # fmt: skip


def published_name(name, model):
    """Name of one of our tensors in the published code."""
    rules = list(TOWERS)
    if model == 'blip':
        rules.append((r'text_encoder\.bert', 'text_encoder'))
    for pattern, replacement in OTHERS:
        if re.match(pattern, name):
            return re.sub(f'^{pattern}', replacement, name)
    twin, name = name.startswith('twin.'), name.removeprefix('twin.')
    for pattern, replacement in rules:
        if re.match(pattern, name):
            name = re.sub(f'^{pattern}', replacement, name)
            break
    first, dot, rest = name.partition('.')
    first = first.replace('visual', 'visual_encoder')
    return f'{first}{"_m" if twin else ""}{dot}{rest}'


def published_state(ours, model):
    """The tensors of our model as a published checkpoint holds them."""
    state = {
        published_name(name, model): value for name, value in ours.items()
    }
    if model == 'albef':
        words = 'bert.embeddings.word_embeddings.weight'
        for tower in ('text_encoder', 'text_encoder_m'):
            output = f'{tower}.cls.predictions'
            state[f'{output}.decoder.weight'] = state[f'{tower}.{words}']
            state[f'{output}.decoder.bias'] = state[f'{output}.bias']
        return state
    for name in list(state):
        shared = name.startswith('text_encoder.')
        if shared and not re.search(r'layer\.\d+\.attention', name):
            copy = name.replace('text_encoder.', 'text_decoder.bert.', 1)
            state[copy] = state[name]
    output = 'text_decoder.cls.predictions'
    words = 'text_encoder.embeddings.word_embeddings.weight'
    state[f'{output}.decoder.weight'] = state[words]
    state[f'{output}.decoder.bias'] = state[f'{output}.bias']
    return state


def build(model):
    path = ROOT / f'configs/_base_/models/{model}_tiny.py'
    return MODELS.build(Config.fromfile(path).model)


@pytest.fixture
def call(monkeypatch):
    """Run the tool in this process: starting another one takes seconds."""

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
        runpy.run_path(str(TOOL), run_name='__main__')

    return run


@pytest.mark.parametrize('model', ['albef', 'blip'])
def test_published_weights_load_strictly(model, call, tmp_path):
    source = build(model).state_dict()
    published = published_state(source, model)
    torch.save(dict(model=published, epoch=3), tmp_path / 'in.pth')
    call(model, tmp_path / 'in.pth', tmp_path / 'to/out.pth')
    state = torch.load(tmp_path / 'to/out.pth', weights_only=True)
    target = build(model)
    target.load_state_dict(state['state_dict'], strict=True)
    loaded = target.state_dict()
    assert loaded.keys() == source.keys()
    assert all(torch.equal(loaded[key], source[key]) for key in source)


def test_another_model_is_refused(call, tmp_path):
    torch.save(dict(model=dict(conv=torch.ones(1))), tmp_path / 'in.pth')
    with pytest.raises(SystemExit, match='match no rule: conv'):
        call('blip', tmp_path / 'in.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()
    with pytest.raises(SystemExit, match='error: There is no checkpoint'):
        call('albef', tmp_path / 'none.pth', tmp_path / 'out.pth')
