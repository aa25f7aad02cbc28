# Copyright (c) elip_mm contributors. All rights reserved.
"""What checkpoints hold, how they are written, and how they are read."""

import collections
import functools
import http.server
import logging
import os
import pickle
import threading
from pathlib import Path
from types import SimpleNamespace

import mmengine
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from torch import nn

from elip_mm.checkpoint.plain_checkpoint_hook import PlainCheckpointHook
from elip_mm.checkpoint.reading import load_checkpoint_file
from elip_mm.checkpoint.safe_checkpoint_hook import (
    AtomicLocalBackend,
    SafeCheckpointHook,
)
from elip_mm.registry import METRICS

RUNNER = SimpleNamespace(logger=logging.getLogger('toy'))


def foreign_checkpoint():
    """What mmengine saves without our hook."""
    return dict(
        meta=dict(epoch=1, iter=7, cfg='a = 1'),
        state_dict=nn.Linear(2, 3).state_dict(),
        message_hub=dict(
            log_scalars={
                'train/loss': HistoryBuffer([3.0, 2.0], [1, 1]),
                'train/num': HistoryBuffer([3, 2], [1, 1]),
            },
            runtime_info=dict(eta=np.float64(3.5), step=np.int64(4)),
            resumed_keys={'train/loss': True},
        ),
    )


def test_foreign_checkpoint_is_read(tmp_path):
    path = str(tmp_path / 'a.pth')
    torch.save(foreign_checkpoint(), path)
    for loaded in (
        load_checkpoint_file(path),
        CheckpointLoader.load_checkpoint(path),
    ):
        hub = loaded['message_hub']
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


class Evil:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


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


@pytest.mark.parametrize('share', [0.0, 0.3, 0.99])
def test_truncated_file(tmp_path, share):
    path = tmp_path / 'a.pth'
    torch.save(foreign_checkpoint(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r'a.pth \(\d+ bytes\).*cut short'):
        load_checkpoint_file(str(path))


def test_some_other_file_and_none(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_text('<html>404 not found</html>')
    with pytest.raises(ValueError, match='is no checkpoint'):
        load_checkpoint_file(str(path))
    with pytest.raises(FileNotFoundError, match='no checkpoint file .*b.pth'):
        load_checkpoint_file(str(tmp_path / 'b.pth'))


def test_plain_checkpoint_round_trip(tmp_path):
    hook, checkpoint = PlainCheckpointHook(), foreign_checkpoint()
    checkpoint['meta'].update(
        path=Path('a') / 'b',
        names=('x', {'y'}),
        mean=np.ones(2),
        flags=np.array([1, 2], dtype=np.uint32),
        flag=np.bool_(True),
        order=collections.OrderedDict(a=1),
        text=np.str_('t'),
    )
    hook.before_save_checkpoint(RUNNER, checkpoint)
    torch.save(checkpoint, tmp_path / 'a.pth')
    loaded = torch.load(tmp_path / 'a.pth', weights_only=True)

    meta = loaded['meta']
    assert meta['path'] == os.path.join('a', 'b')
    assert meta['names'] == ('x', ['y'])
    assert meta['mean'].dtype == torch.float64
    assert meta['flags'].tolist() == [1, 2]
    assert meta['flag'] is True and meta['text'] == 't'
    assert list(meta['order']) == ['a']

    hook.after_load_checkpoint(RUNNER, loaded)
    buffer = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(buffer, HistoryBuffer)
    assert buffer.data[0].tolist() == [3.0, 2.0]
    buffer.update(1.0)
    assert buffer.mean() == 2.0


def test_what_is_not_plain_is_left_out(tmp_path, caplog):
    checkpoint = dict(state_dict={}, meta=dict(a=[1, object()]))
    PlainCheckpointHook().before_save_checkpoint(RUNNER, checkpoint)
    assert checkpoint['meta'] == dict(a=[1, None])
    assert 'meta.a[1] is left out' in caplog.text


def test_weights_without_anything_else_are_fine():
    weights = dict(weight=1)
    PlainCheckpointHook().after_load_checkpoint(RUNNER, weights)
    assert weights == dict(weight=1)


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path, backend = tmp_path / 'sub' / 'a.pth', AtomicLocalBackend()
    backend.put(b'old', path)

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', killed)
    with pytest.raises(KeyboardInterrupt):
        backend.put(b'new', path)
    assert path.read_bytes() == b'old'
    monkeypatch.undo()
    backend.put_text('new', path)
    assert path.read_bytes() == b'new'
    assert os.listdir(path.parent) == ['a.pth']


class ToyRunner:
    """The part of a runner that saving uses."""

    def __init__(self, folder):
        self.work_dir = str(folder)
        self.log = []
        self.info = {}
        self.message_hub = SimpleNamespace(
            runtime_info=self.info,
            update_info=self.info.__setitem__,
            get_info=self.info.get,
        )
        self.logger = SimpleNamespace(
            info=lambda *a: None, warning=self.log.append
        )
        self.optim_wrapper = SimpleNamespace(_accumulative_counts=2)
        self.fail = False

    def save_checkpoint(self, out_dir, filename, *args, backend_args, **kw):
        assert backend_args == dict(backend='elip_mm.atomic')
        if self.fail:
            raise KeyboardInterrupt
        (Path(out_dir) / filename).write_text('')


def test_old_checkpoint_goes_after_the_new_one_is_there(tmp_path):
    runner = ToyRunner(tmp_path)
    hook = SafeCheckpointHook(interval=3, by_epoch=False, max_keep_ckpts=1)
    hook.before_train(runner)
    assert 'multiple of 2' in runner.log[0]

    runner.iter, runner.epoch = 2, 0
    hook._save_checkpoint(runner)
    runner.iter, runner.fail = 5, True
    with pytest.raises(KeyboardInterrupt):
        hook._save_checkpoint(runner)
    assert sorted(os.listdir(tmp_path)) == ['iter_3.pth', 'last_checkpoint']
    note = tmp_path / 'last_checkpoint'
    assert note.read_text() == str(tmp_path / 'iter_3.pth')

    runner.iter, runner.fail = 8, False
    hook._save_checkpoint(runner)
    hook._save_checkpoint(runner)  # as after a new best score
    assert note.read_text() == str(tmp_path / 'iter_9.pth')
    assert 'iter_9.pth' in os.listdir(tmp_path)
    # The failed one counts for nothing: it is not there.
    assert pickle.loads(pickle.dumps(runner.info['keep_ckpt_ids'])) == [9]


def test_best_checkpoints_are_written_safely_as_well():
    hook = SafeCheckpointHook(save_best='loss')
    assert hook.backend_args == dict(backend='elip_mm.atomic')
    elsewhere = SafeCheckpointHook(backend_args=dict(backend='petrel'))
    assert elsewhere.backend_args == dict(backend='petrel')


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
        loader = CheckpointLoader._get_checkpoint_loader(address)
        loaded = loader(f'{address}/good.pth', model_dir=str(cache))
        assert loaded['weight'].tolist() == [1, 1]
        with pytest.raises(ValueError, match='not loaded because'):
            loader(f'{address}/evil.pth', model_dir=str(cache))
    finally:
        server.shutdown()
        server.server_close()


def test_predictions_of_all_rounds_are_dumped(tmp_path):
    path = str(tmp_path / 'a.pkl')
    metric = METRICS.build(
        dict(type='elip_mm.DumpPredictions', out_file_path=path)
    )
    for queries in ([dict(i=0), dict(i=1)], [dict(i=2)]):
        metric.process(None, queries)
        metric.evaluate(len(queries))
    assert mmengine.load(path) == [dict(i=0), dict(i=1), dict(i=2)]
