# Copyright (c) elip_mm contributors. All rights reserved.
"""Unequal shares of the data end a training before it starts."""

import pytest
from mmengine.dataset import DefaultSampler
from torch.utils.data import DataLoader

from elip_mm.datasets import KeyedSampler
from elip_mm.engine.loops import equal_batches


def share_of(rank, sampler, monkeypatch, drop_last=False):
    """Batches of one of two processes, as its sampler cuts five samples."""
    for module in ('mmengine.dataset.sampler', KeyedSampler.__module__):
        monkeypatch.setattr(f'{module}.get_dist_info', lambda: (rank, 2))
    return DataLoader(
        range(5), batch_size=2, sampler=sampler(), drop_last=drop_last
    )


@pytest.mark.parametrize(
    'sampler, drop_last, message',
    [
        (lambda: DefaultSampler(range(5), seed=0, round_up=False), (0, 0),
         '3, 2 samples.*DefaultSampler shares.*KeyedSampler'),
        (lambda: DefaultSampler(range(5), seed=0), (0, 1), 'same .*drop_last'),
        (lambda: DefaultSampler(range(5), seed=0), (1, 1), None),
        (lambda: KeyedSampler(range(5), seed=0, round_up=False), (0, 0), None),
        (lambda: KeyedSampler(range(5), seed=0), (0, 0), None),
    ],
)  # fmt: skip
def test_unequal_shares_are_named(sampler, drop_last, message, monkeypatch):
    loaders = [
        share_of(rank, sampler, monkeypatch, bool(drop_last[rank]))
        for rank in range(2)
    ]
    told = []
    gather = 'all_gather_object'
    monkeypatch.setattr(equal_batches, gather, lambda x: [told.append(x)])
    for loader in loaders:  # what each process would tell the others
        equal_batches.check_equal_batches(loader)
    monkeypatch.setattr(equal_batches, gather, lambda x: told)
    for loader in loaders:
        if message is None:
            equal_batches.check_equal_batches(loader)
        else:
            with pytest.raises(ValueError, match=message):
                equal_batches.check_equal_batches(loader)
