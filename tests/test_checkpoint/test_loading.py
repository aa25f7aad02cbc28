# Copyright (c) elip_mm contributors. All rights reserved.
"""Nothing changes until it is asked for, and then everything is safe."""

import functools
import http.server
import os
import threading

import pytest
import torch
from mmengine.runner import CheckpointLoader
from mmengine.utils import digit_version

from elip_mm.checkpoint import use_safe_loading

from ..support.processes import one_at_a_time, run_processes
from .fresh_process import check_imports
from .samples import Evil, foreign_checkpoint


@pytest.fixture(autouse=True)
def _own_loaders(monkeypatch):
    loaders = {**CheckpointLoader._schemes, '': None}
    monkeypatch.setattr(CheckpointLoader, '_schemes', loaders)


@one_at_a_time
def test_importing_changes_nothing():
    run_processes(check_imports, count=1)


def test_foreign_checkpoint_is_read_through_mmengine(tmp_path):
    use_safe_loading()
    path = str(tmp_path / 'a.pth')
    torch.save(foreign_checkpoint(), path)
    loaded = CheckpointLoader.load_checkpoint(path)
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert history.mean() == 2.5


def test_code_is_refused_through_mmengine(tmp_path):
    use_safe_loading()
    path = str(tmp_path / 'a.pth')
    torch.save(Evil(os.system, 'true'), path)
    with pytest.raises(ValueError, match='not loaded because'):
        CheckpointLoader.load_checkpoint(path)


def test_file_from_a_server_is_read_safely_too(tmp_path):
    served, cache = tmp_path / 'served', tmp_path / 'cache'
    served.mkdir()
    torch.save(dict(weight=torch.ones(2)), served / 'good.pth')
    torch.save(Evil(os.system, 'true'), served / 'evil.pth')
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=served
    )
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f'http://127.0.0.1:{server.server_port}'
    try:
        use_safe_loading()
        loader = CheckpointLoader._get_checkpoint_loader(address)
        loaded = loader(f'{address}/good.pth', model_dir=str(cache))
        assert loaded['weight'].tolist() == [1, 1]
        with pytest.raises(ValueError, match='not loaded because'):
            loader(f'{address}/evil.pth', model_dir=str(cache))
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(
    digit_version(torch.__version__) < digit_version('2.6'),
    reason='loaders of other kinds of addresses are refused',
)
def test_what_other_loaders_bring_is_looked_at_too():
    content = dict(state_dict=dict(w=torch.ones(1)), meta=dict(config='1/0'))
    CheckpointLoader.register_scheme('shelf://', lambda *args: content)
    use_safe_loading()
    loaded = CheckpointLoader.load_checkpoint('shelf://a')
    assert loaded['meta'] == dict(config_text='1/0')
    content.pop('state_dict')
    with pytest.raises(ValueError, match='shelf://a holds no weights'):
        CheckpointLoader.load_checkpoint('shelf://a')
