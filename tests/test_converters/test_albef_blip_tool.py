# Copyright (c) elip_mm contributors. All rights reserved.
"""Published names reach our models through the command-line tool."""

import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.registry import MODELS

from .published_names import published_state

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools/model_converters/albef_blip_to_elip_mm.py'


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
