# Copyright (c) elip_mm contributors. All rights reserved.
import collections
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from elip_mm.checkpoint import load_checkpoint_file

from .samples import Evil, foreign_checkpoint


def test_foreign_checkpoint_is_read(tmp_path):
    path = str(tmp_path / 'a.pth')
    torch.save(foreign_checkpoint(), path)
    hub = load_checkpoint_file(path)['message_hub']
    assert hub['log_scalars']['train/loss'].mean() == 2.5
    assert hub['log_scalars']['train/num'].statistics('max') == 3
    assert hub['runtime_info'] == dict(eta=3.5, step=4)


@pytest.mark.skipif(
    not hasattr(torch.serialization, 'get_safe_globals'),
    reason='needs torch 2.4',
)
def test_nothing_stays_allowed(tmp_path):
    torch.save(foreign_checkpoint(), tmp_path / 'a.pth')
    before = torch.serialization.get_safe_globals()
    torch.serialization.add_safe_globals([collections.deque])
    try:
        load_checkpoint_file(str(tmp_path / 'a.pth'))
        allowed = torch.serialization.get_safe_globals()
        assert set(allowed) == {*before, collections.deque}
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


@pytest.mark.parametrize(
    'call',
    [
        (os.system, 'touch EVIL'),
        (getattr, collections.OrderedDict, 'fromkeys'),
        (getattr, HistoryBuffer, '__init__'),
        (getattr, np.ndarray, 'tofile'),
        (eval, '1 + 1'),
    ],
)
def test_code_in_a_file_does_not_run(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    torch.save(dict(state_dict={}, meta=Evil(*call)), 'evil.pth')
    with pytest.raises(ValueError, match='not loaded because') as error:
        load_checkpoint_file('evil.pth')
    assert 'save the weights alone' in str(error.value)
    assert 'weights_only' not in str(error.value)
    assert not Path('EVIL').exists()


@pytest.mark.parametrize('share', [0.3, 0.99])
def test_truncated_file(tmp_path, share):
    path = tmp_path / 'a.pth'
    torch.save(foreign_checkpoint(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r'a.pth \(\d+ bytes\).*cut short'):
        load_checkpoint_file(str(path))


@pytest.mark.parametrize('place', [0.006, 0.3, 0.6, 0.9])
def test_one_flipped_bit_is_noticed(tmp_path, place):
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(w=torch.randn(4000))), path)
    whole = bytearray(path.read_bytes())
    whole[int(place * len(whole))] ^= 4
    path.write_bytes(whole)
    with pytest.raises(ValueError, match='a.pth is damaged'):
        load_checkpoint_file(str(path))


def test_hole_of_zeros_is_noticed(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(w=torch.randn(4000))), path)
    with path.open('r+b') as file:
        file.seek(8192)
        file.write(bytes(4096))
    with pytest.raises(ValueError, match='a.pth is damaged .*data/0'):
        load_checkpoint_file(str(path))


def test_older_format_is_read_and_its_damage_is_ours(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(
        dict(w=torch.ones(9)), path, _use_new_zipfile_serialization=False
    )
    assert load_checkpoint_file(str(path))['w'].sum() == 9
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match='a.pth is damaged'):
        load_checkpoint_file(str(path))


def test_missing_device_is_no_damage(tmp_path):
    if torch.cuda.is_available():
        pytest.skip('there is one')
    torch.save(dict(w=torch.ones(9)), tmp_path / 'a.pth')
    with pytest.raises(RuntimeError, match='CUDA'):
        load_checkpoint_file(str(tmp_path / 'a.pth'), 'cuda')


def test_some_other_file_and_none(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_text('<html>404 not found</html>')
    with pytest.raises(ValueError, match='is no checkpoint: it is a web page'):
        load_checkpoint_file(str(path))
    with pytest.raises(FileNotFoundError, match='no checkpoint file .*b.pth'):
        load_checkpoint_file(str(tmp_path / 'b.pth'))
