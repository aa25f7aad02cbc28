# Copyright (c) elip_mm contributors. All rights reserved.
"""The command lines that convert checkpoints."""

import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.registry import MODELS
from tests.test_converters.published_names import published_state

ROOT = Path(__file__).parents[2]
# Family, arguments of the command line in front, key of the weights, recipe.
CASES = [
    ('albef_blip', ['albef'], 'model', 'albef/albef_tiny_dense_1xb32'),
    ('albef_blip', ['blip'], 'model', 'blip/blip_tiny_dense_1xb32'),
    ('meter', [], 'state_dict', 'meter/meter_tiny_dense_1xb32'),
    ('open_clip', [], 'state_dict', 'siglip/siglip_tiny_dense_1xb64'),
]


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a tool in this process: starting another one takes seconds."""

    def run(tool, *arguments):
        path = str(ROOT / f'tools/model_converters/{tool}_to_elip_mm.py')
        monkeypatch.setattr(sys, 'argv', [path, *map(str, arguments)])
        try:
            runpy.run_path(path, run_name='__main__')
        except SystemExit as stop:
            return stop.code, capsys.readouterr().err
        return 0, capsys.readouterr().out

    return run


@pytest.mark.parametrize('tool, model, weights, recipe', CASES)
def test_there_and_back(tool, model, weights, recipe, call, tmp_path):
    path = ROOT / f'configs/{recipe}_synthetic-scenes-64px.py'
    ours = MODELS.build(Config.fromfile(path).model).state_dict()
    theirs = published_state(ours, *(model or [tool]))
    there, here, back = (tmp_path / x for x in ('there', 'to/here', 'back'))
    wrapped = {f'module.{key}': value for key, value in theirs.items()}
    torch.save({weights: wrapped, 'epoch': 3}, there)

    code, output = call(tool, *model, there, here)
    assert code == 0 and f'wrote {len(ours)} tensors to {here}' in output
    found = torch.load(here, weights_only=True)['state_dict']
    assert found.keys() == ours.keys()
    assert all(torch.equal(found[key], ours[key]) for key in ours)

    code, output = call(tool, *model, here, back, '--reverse')
    assert code == 0 and f'wrote {len(theirs)} tensors' in output
    found = torch.load(back, weights_only=True)[weights]
    assert found.keys() == theirs.keys()
    assert all(torch.equal(found[key], theirs[key]) for key in theirs)


@pytest.mark.parametrize('tool, model', [case[:2] for case in CASES])
@pytest.mark.parametrize(
    'content, message',
    [
        (dict(conv=torch.ones(1)), 'match no rule: conv'),
        (torch.ones(1), 'holds a Tensor, not weights'),
        ({}, 'holds no weights'),
        (dict(model={}, state_dict={}), 'holds no weights'),
        (dict(conv='a', bias=torch.ones(1)), "'conv' holds a str"),
        (b'epoch: 3', 'it is a text'),
        (b'', 'it is empty'),
        (b'<html>404 not found</html>', 'is no checkpoint'),
        (None, 'There is no checkpoint file'),
    ],
)
def test_mistakes_end_in_a_message(
    tool, model, content, message, call, tmp_path
):
    source, out = tmp_path / 'in.pth', tmp_path / 'out.pth'
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content is not None:
        torch.save(content, source)
    code, error = call(tool, *model, source, out)
    assert code == 2 and error.startswith('error: ') and message in error
    assert not out.exists()
