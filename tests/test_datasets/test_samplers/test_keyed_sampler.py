# Copyright (c) elip_mm contributors. All rights reserved.
import copy
import pickle

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from elip_mm.datasets.samplers import KeyedIndex, KeyedSampler
from elip_mm.datasets.samplers import keyed_sampler as module
from elip_mm.registry import DATA_SAMPLERS


class Numbers(Dataset):
    """Returns what it is asked for, and in which epoch."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return torch.tensor([int(index), index.epoch])


def sampler(size=10, rank=0, world=1, monkeypatch=None, **kwargs):
    if monkeypatch is not None:
        monkeypatch.setattr(module, 'get_dist_info', lambda: (rank, world))
    return DATA_SAMPLERS.build(
        dict(type='elip_mm.KeyedSampler', **{'seed': 0, **kwargs}),
        default_args=dict(dataset=Numbers(size)),
    )


def test_index_is_an_int_that_keeps_its_epoch():
    index = KeyedIndex(3, epoch=2)
    assert index == 3 and [10, 11, 12, 13][index] == 13
    for same in (pickle.loads(pickle.dumps(index)), copy.deepcopy(index)):
        assert same == 3 and same.epoch == 2
    assert repr(index) == 'KeyedIndex(3, epoch=2)'


def test_order_is_a_function_of_seed_and_epoch():
    first, second = sampler(), sampler()
    list(second)  # what was read before does not matter
    torch.rand(3)
    assert list(first) == list(second)
    orders = set()
    for seed in range(3):
        for epoch in range(3):
            one = sampler(seed=seed)
            one.set_epoch(epoch)
            assert sorted(one) == list(range(10))
            orders.add(tuple(one))
    assert len(orders) == 9
    assert list(sampler(shuffle=False)) == list(range(10))


@pytest.mark.parametrize('round_up', [True, False])
@pytest.mark.parametrize('shuffle', [True, False])
def test_ranks_share_an_epoch(monkeypatch, round_up, shuffle):
    alone = list(sampler(shuffle=shuffle))
    ranks = [
        sampler(10, rank, 4, monkeypatch, round_up=round_up, shuffle=shuffle)
        for rank in range(4)
    ]
    parts = [list(one) for one in ranks]
    length = 3 if round_up else 2
    assert all(
        len(part) == len(one) == length for part, one in zip(parts, ranks)
    )
    together = [part[turn] for turn in range(length) for part in parts]
    assert together == (alone + alone)[: 4 * length]


def test_more_ranks_than_samples(monkeypatch):
    assert len(list(sampler(2, 6, 7, monkeypatch))) == 1
    with pytest.raises(ValueError, match='2 samples cannot be split over 7'):
        sampler(2, 6, 7, monkeypatch, round_up=False)


@pytest.mark.parametrize('start', [0, 1, 3])
def test_start_in_the_middle(monkeypatch, start):
    for rank in range(3):
        one = sampler(10, rank, 3, monkeypatch)
        whole = list(one)
        one.set_start(start)
        assert list(one) == whole[start:]
        assert len(one) == 4  # of an epoch, wherever it is entered
        one.set_start(0)
        assert list(one) == whole


def test_start_outside_of_the_epoch():
    with pytest.raises(
        ValueError, match='start after must be .* 10\\], but got 11'
    ):
        sampler().set_start(11)


@pytest.mark.parametrize('workers', [0, 1])
def test_epoch_reaches_the_dataset(workers):
    one = sampler(6)
    loader = DataLoader(one.dataset, 2, sampler=one, num_workers=workers)
    for epoch in range(2):
        one.set_epoch(epoch)
        read = torch.cat(list(loader))
        assert read[:, 0].tolist() == [int(index) for index in one]
        assert set(read[:, 1].tolist()) == {epoch}


def test_empty_dataset():
    with pytest.raises(ValueError, match='Numbers has length zero'):
        sampler(0)


def test_random_seed_and_that_of_another_run():
    one = KeyedSampler(Numbers(5), seed=None)
    other = sampler(5)
    other.set_seed(one.seed)
    assert list(one) == list(other)
