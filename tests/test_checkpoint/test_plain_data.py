# Copyright (c) elip_mm contributors. All rights reserved.
import collections
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import OneCycleLR

from elip_mm.checkpoint import from_plain, to_plain
from elip_mm.checkpoint.plain_data import check_bounded

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
    checkpoint = dict(
        state_dict={}, meta=dict(a=[1, object()], b=object(), c=None)
    )
    warnings = []
    to_plain(checkpoint, warnings.append)
    assert checkpoint['meta'] == dict(a=[1, None], c=None)
    assert 'meta.a[1] is left out' in warnings[0]


def test_weights_without_anything_else_are_fine():
    weights = dict(weight=1)
    from_plain(weights)
    assert weights == dict(weight=1)


def chain(length, end=()):
    for _ in range(length):
        end = [end]
    return end


def test_containers_without_an_end_are_refused():
    circle = {}
    circle['a'] = [circle]
    double = ['x']
    for _ in range(60):
        double = [double, double]
    # Each link is short, and hangs on the one before.
    links = [chain(60)]
    for _ in range(60):
        links.append(chain(60, links[-1]))
    for content in (circle, double, chain(101), links, [[0] * 1000] * 5001):
        with pytest.raises(ValueError, match='without an end'):
            check_bounded(content, 'a.pth')


def test_what_a_training_holds_is_within_bounds():
    states = {i: dict(step=i, mean=None) for i in range(20_000)}
    check_bounded(dict(optimizer=states, twice=[states] * 3), 'a.pth')
    check_bounded(foreign_checkpoint(), 'a.pth')
    shared = ['x']
    check_bounded([shared] * 1000 + chain(90, shared), 'a.pth')


def test_attributes_that_replace_methods_are_refused():
    weights = collections.OrderedDict(a=1)
    weights._metadata = collections.OrderedDict({'': dict(version=1)})
    check_bounded(dict(state_dict=weights), 'a.pth')
    for name, value in (('items', 5), ('_metadata', 5), ('_metadata', {1: 2})):
        weights = collections.OrderedDict(a=1)
        setattr(weights, name, value)
        with pytest.raises(ValueError, match=f"the attribute '{name}'"):
            check_bounded(dict(state_dict=weights), 'a.pth')


@pytest.mark.parametrize(
    'history',
    [
        dict(log=1, count=torch.ones(1), max_length=1),
        dict(log=torch.ones(2), count=torch.ones(1), max_length=3),
        dict(log=torch.ones(2), count=torch.ones(2), max_length='a'),
    ],
)
def test_log_history_that_is_none_is_refused(history):
    hub = dict(log_scalars=dict(loss=history))
    with pytest.raises(ValueError, match=r"log_scalars\['loss'\] is no log"):
        from_plain(dict(message_hub=hub))


def test_schedulers_keep_the_functions_that_follow_from_their_settings():
    def build():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
        return OneCycleLR(optimizer, eta_max=1.0, total_steps=10)

    def rates(scheduler, steps):
        found = []
        for _ in range(steps):
            scheduler.optimizer.step()
            scheduler.step()
            found.append(scheduler.optimizer.param_groups[0]['lr'])
        return found

    whole, first, second = build(), build(), build()
    expected = rates(whole, 8)
    assert rates(first, 3) == expected[:3]
    checkpoint = dict(param_schedulers=[first.state_dict()])
    to_plain(checkpoint, pytest.fail)
    second.load_state_dict(checkpoint['param_schedulers'][0])
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    assert rates(second, 5) == expected[3:]
