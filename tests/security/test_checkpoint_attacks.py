# Copyright (c) elip_mm contributors. All rights reserved.
"""Nothing in a file runs, and nothing hangs, wherever a file is read."""

import json
import os
import pickle
import signal

import mmengine.runner
import pytest
import torch
from mmengine.infer import BaseInferencer
from mmengine.runner import CheckpointLoader
from torch import nn

from elip_mm.checkpoint import (
    find_resumable_checkpoint,
    load_checkpoint_file,
    use_safe_loading,
)
from elip_mm.converters import FAMILIES, convert_file
from elip_mm.models.text_encoders.hf_text import HFTextEncoder

from ..test_checkpoint.samples import Evil, resumable, toy_runner
from .checkpoint_files import CONFIG_TEXTS, HARMLESS, REFUSED

OURS = ValueError, FileNotFoundError


class Hangs(BaseException):
    """Nothing that handles errors catches it."""


@pytest.fixture(autouse=True)
def _time_limit():
    def stop(*args):
        raise Hangs

    former = signal.signal(signal.SIGALRM, stop)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


@pytest.fixture(autouse=True)
def _own_loaders(monkeypatch):
    loaders = {**CheckpointLoader._schemes, '': None}
    monkeypatch.setattr(CheckpointLoader, '_schemes', loaders)
    use_safe_loading()


@pytest.fixture
def trace(tmp_path):
    """What an attack leaves if it succeeds; looked for after each test."""
    path = tmp_path / 'TRACE'
    yield path
    assert not path.exists(), 'code from the file was run'


def names(attack):
    return attack.__name__


def test_the_payload_is_armed(tmp_path):
    """Else that nothing happens would prove nothing."""
    trace = tmp_path / 'trace'
    assert pickle.loads(pickle.dumps(Evil(os.system, f'touch {trace}'))) == 0
    assert trace.exists()
    os.remove(trace)
    CONFIG_TEXTS[0](tmp_path / 'a.pth', f'touch {trace}')
    text = torch.load(tmp_path / 'a.pth', weights_only=True)['meta']['config']
    mmengine.Config.fromstring(text, file_format='.py')
    assert trace.exists()


@pytest.mark.parametrize('attack', REFUSED, ids=names)
def test_every_reader_refuses(attack, tmp_path, trace):
    run = tmp_path / 'run'
    run.mkdir()
    torch.save(resumable(), run / 'iter_1.pth')
    os.utime(run / 'iter_1.pth', (1, 1))
    evil = run / 'iter_2.pth'
    attack(evil, f'touch {trace}')
    (run / 'last_checkpoint').write_text(str(evil))

    with pytest.raises(OURS):
        load_checkpoint_file(str(evil))
    with pytest.raises(OURS):
        mmengine.runner.load_checkpoint(nn.Linear(1, 2), str(evil))
    for family in FAMILIES.values():
        with pytest.raises(OURS):
            convert_file(str(evil), tmp_path / 'out.pth', family)
    warnings = []
    found = find_resumable_checkpoint(run, warnings.append)
    assert found == str(run / 'iter_1.pth')
    # A pipe or a device is no candidate at all, and needs no warning.
    assert all('iter_2.pth' in text for text in warnings)


@pytest.mark.parametrize('attack', HARMLESS, ids=names)
def test_what_is_read_is_only_data(attack, tmp_path, trace):
    evil = tmp_path / 'a.pth'
    attack(evil, f'touch {trace}')
    loaded = load_checkpoint_file(str(evil))
    assert 'weight' in loaded['state_dict']
    mmengine.runner.load_checkpoint(nn.Linear(1, 2), str(evil), strict=False)
    for family in FAMILIES.values():
        with pytest.raises(OURS):
            convert_file(str(evil), tmp_path / 'out.pth', family)


def resumed_file(folder, attack, touch):
    """A checkpoint of a toy run, with the meta of an attack."""
    toy_runner(folder).train()
    path = folder / 'iter_2.pth'
    content = torch.load(path, weights_only=True)
    attack(folder / 'evil.pth', touch)
    evil = torch.load(folder / 'evil.pth', weights_only=True)
    content['meta'].update(
        {k: v for k, v in evil['meta'].items() if k in ('config', 'cfg')}
    )
    info = evil['message_hub']['runtime_info']
    content['message_hub']['runtime_info'].update(info)
    content['meta'].update(epoch=0, iter=1)
    torch.save(content, path)
    return str(path)


@pytest.mark.parametrize(
    'runner_type, attack',
    [
        *(('Runner', attack) for attack in CONFIG_TEXTS),
        ('FlexibleRunner', CONFIG_TEXTS[0]),
    ],
)
def test_resuming_runs_no_config(tmp_path, trace, runner_type, attack):
    path = resumed_file(tmp_path, attack, f'touch {trace}')
    runner = toy_runner(
        tmp_path, load_from=path, resume=True, runner_type=runner_type
    )
    runner.train()
    assert runner.iter == 2
    text = runner.message_hub.get_info('cfg')
    assert 'touch' not in text and 'ToyModel' in text


class Inferencer(BaseInferencer):
    """As little of one as there can be."""

    def _init_pipeline(self, cfg):
        return None

    def visualize(self, *args, **kwargs):
        """Nothing."""

    def postprocess(self, *args, **kwargs):
        """Nothing."""


@pytest.mark.parametrize('attack', HARMLESS[1:4], ids=names)
def test_inferencers_run_no_config(tmp_path, trace, attack):
    attack(tmp_path / 'a.pth', f'touch {trace}')
    with pytest.raises(ValueError, match='Cannot find the config'):
        Inferencer(weights=str(tmp_path / 'a.pth'), scope='mmengine')


@pytest.fixture
def hf_folder(tmp_path):
    """A folder of transformers, without weights."""
    sizes = dict(
        model_type='bert',
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
    )
    (tmp_path / 'config.json').write_text(json.dumps(sizes))
    return tmp_path


def load_encoder(folder):
    HFTextEncoder(str(folder), pretrained=str(folder)).init_weights()


@pytest.mark.parametrize('attack', REFUSED, ids=names)
def test_weights_of_transformers_run_nothing(attack, hf_folder, trace):
    attack(hf_folder / 'pytorch_model.bin', f'touch {trace}')
    with pytest.raises((*OURS, OSError)):
        load_encoder(hf_folder)


def test_transformers_reads_nothing_outside_of_the_folder(hf_folder, trace):
    inner = hf_folder / 'inner'
    inner.mkdir()
    (hf_folder / 'config.json').rename(inner / 'config.json')
    torch.save(dict(weight=torch.ones(2)), hf_folder / 'other.bin')
    (inner / 'pytorch_model.bin.index.json').write_text(
        json.dumps(dict(weight_map=dict(weight='../other.bin')))
    )
    with pytest.raises(ValueError, match='outside of its folder'):
        load_encoder(inner)


def test_transformers_runs_no_code_beside_the_weights(hf_folder, trace):
    code = f'import os\nos.system("touch {trace}")\nclass C: pass\n'
    (hf_folder / 'code.py').write_text(code)
    (hf_folder / 'config.json').write_text(
        json.dumps(dict(model_type='odd', auto_map=dict(AutoConfig='code.C')))
    )
    with pytest.raises(ValueError, match='trust_remote_code|custom code'):
        load_encoder(hf_folder)
