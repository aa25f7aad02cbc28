# Copyright (c) elip_mm contributors. All rights reserved.
"""The command lines that convert checkpoints of METER and open_clip."""

import re
from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules
from tests.support.processes import one_at_a_time, run_tool

ROOT = Path(__file__).parents[2]
pytestmark = one_at_a_time
VISION = [
    (r'^cls_token', 'class_embedding'),
    (r'^pos_embed', 'positional_embedding'),
    (r'^patch_embed\.projection', 'conv1'),
    (r'^pre_norm', 'ln_pre'),
    (r'^ln1', 'ln_post'),
]
BLOCK = r'transformer.resblocks.\1.'
BLOCKS = [
    (r'layers\.(\d+)\.ln([12])', BLOCK + r'ln_\2'),
    (r'layers\.(\d+)\.attn\.qkv\.', BLOCK + 'attn.in_proj_'),
    (r'layers\.(\d+)\.attn\.proj', BLOCK + 'attn.out_proj'),
    (
        r'layers\.(\d+)\.ffn\.layers\.0\.0',
        BLOCK + 'mlp.c_fc',
    ),
    (r'layers\.(\d+)\.ffn\.layers\.1', BLOCK + 'mlp.c_proj'),
]
METER = [
    (r'^text_encoder\.model\.', 'text_transformer.'),
    (r'^fusion\.token', 'token'),
    (r'^fusion\.', 'cross_modal_'),
    (r'^heads\.mlm\.decoder\.bias', 'mlm_score.bias'),
    (r'^heads\.(mlm|itm)\.', r'\1_score.'),
]
OPEN_CLIP = [
    (r'^text_encoder\.pos_embed', 'positional_embedding'),
    (r'^text_encoder\.', ''),
    (r'^text_neck\.proj', 'text_projection'),
    (r'^vision_neck\.proj', 'visual.proj'),
    (r'^heads\.sigmoid\.', ''),
]


def build(recipe):
    register_all_modules()
    return MODELS.build(Config.fromfile(ROOT / 'configs' / recipe).model)


def foreign(model, rules, tower):
    """State dict under the names that the other code base has."""
    state = {}
    for key, value in model.state_dict().items():
        vision = key.startswith('vision_backbone.')
        key = key.removeprefix('vision_backbone.')
        table = [*VISION, *BLOCKS] if vision else [*rules, *BLOCKS]
        for pattern, name in table:
            key = re.sub(pattern, name, key)
        flat = key.endswith(('class_embedding', 'positional_embedding'))
        value = value.squeeze() if flat else value
        state[f'{tower}{key}' if vision else key] = value
    return state


def convert(tool, *arguments):
    return run_tool(f'model_converters/{tool}_to_elip_mm', *arguments)


CASES = [
    ('meter', 'meter/meter_tiny_elip_1xb32', METER, 'vit_model.visual.'),
    ('open_clip', 'siglip/siglip_tiny_elip_1xb64', OPEN_CLIP, 'visual.'),
]


@pytest.mark.parametrize('tool, recipe, rules, tower', CASES)
def test_made_files_load_strictly(tool, recipe, rules, tower, tmp_path):
    model = build(f'{recipe}_synthetic-scenes-64px.py')
    state = foreign(model, rules, tower)
    if tool == 'meter':  # what pre-training does not use
        state['text_transformer.pooler.dense.bias'] = torch.zeros(64)
        state['vqa_classifier.0.weight'] = torch.zeros(2, 2)
    else:
        state = {f'module.{key}': value for key, value in state.items()}
    torch.save(dict(state_dict=state, epoch=3), tmp_path / 'in.pt')
    done = convert(tool, tmp_path / 'in.pt', tmp_path / 'new/out.pth')
    assert done.returncode == 0, done.stderr
    found = torch.load(tmp_path / 'new/out.pth', weights_only=True)
    assert found['state_dict'].keys() == model.state_dict().keys()
    for key, value in model.state_dict().items():
        assert torch.equal(found['state_dict'][key], value), key


@pytest.mark.parametrize('tool', ['meter', 'open_clip'])
def test_errors_are_one_line(tool, tmp_path):
    missing = convert(tool, tmp_path / 'nothing.pt', tmp_path / 'out.pth')
    torch.save({'backbone.weight': torch.zeros(1)}, tmp_path / 'other.pt')
    other = convert(tool, tmp_path / 'other.pt', tmp_path / 'out.pth')
    for done, message in ((missing, 'nothing.pt'), (other, 'backbone.weight')):
        assert done.returncode == 1
        assert done.stderr.strip().splitlines()[-1].startswith('error:')
        assert message in done.stderr
    assert not (tmp_path / 'out.pth').exists()
