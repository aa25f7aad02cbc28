# Copyright (c) elip_mm contributors. All rights reserved.
"""Peaks of calls whose demand is known."""

import pytest
import torch

from elip_mm.analysis import device_peak, peak_bytes


def test_what_is_released_in_between_counts_once():
    there = torch.zeros(1000)

    def work():
        for _ in range(3):
            (there + 1).sum()

    assert 4000 <= peak_bytes(work) < 6000


def test_nothing_needs_nothing():
    assert peak_bytes(lambda: None) == 0


def test_a_cpu_does_not_tell_what_is_in_use():
    assert device_peak('cpu') is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_gpu_tells():
    kept = torch.zeros(10**6, device='cuda')
    needed = peak_bytes(lambda: kept + 1, 'cuda')
    assert 4 * 10**6 <= needed < device_peak('cuda')
