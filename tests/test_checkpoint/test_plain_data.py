# Copyright (c) elip_mm contributors. All rights reserved.
import collections
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from elip_mm.checkpoint import from_plain, to_plain

from .samples import foreign_checkpoint


def test_plain_checkpoint_round_trip(tmp_path):
    checkpoint = foreign_checkpoint()
    checkpoint['meta'].update(
        path=Path('a') / 'b',
        names=('x', {'y'}),
        mean=np.ones(2),
        flags=np.array([1, 2], dtype=np.uint32),
        flag=np.bool_(True),
        order=collections.OrderedDict(a=1),
        text=np.str_('t'),
    )
    to_plain(checkpoint, pytest.fail)
    torch.save(checkpoint, tmp_path / 'a.pth')
    loaded = torch.load(tmp_path / 'a.pth', weights_only=True)

    meta = loaded['meta']
    assert meta['path'] == os.path.join('a', 'b')
    assert meta['names'] == ('x', ['y'])
    assert meta['mean'].dtype == torch.float64
    assert meta['flags'].tolist() == [1, 2]
    assert meta['flag'] is True and meta['text'] == 't'
    assert list(meta['order']) == ['a']

    from_plain(loaded)
    buffer = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(buffer, HistoryBuffer)
    assert buffer.data[0].tolist() == [3.0, 2.0]
    buffer.update(1.0)
    assert buffer.mean() == 2.0


def test_what_is_not_plain_is_left_out():
    checkpoint = dict(state_dict={}, meta=dict(a=[1, object()]))
    warnings = []
    to_plain(checkpoint, warnings.append)
    assert checkpoint['meta'] == dict(a=[1, None])
    assert 'meta.a[1] is left out' in warnings[0]


def test_weights_without_anything_else_are_fine():
    weights = dict(weight=1)
    from_plain(weights)
    assert weights == dict(weight=1)
