# Copyright (c) elip_mm contributors. All rights reserved.
"""Threads follow what the process may use."""

import os

import pytest
import torch

from elip_mm.launch import processors


@pytest.fixture(autouse=True)
def threads():
    """Leave torch as it was."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def quota(tmp_path, text):
    (tmp_path / 'cpu.max').write_text(text)
    return processors._read_quota(tmp_path)


def test_the_share_of_a_container_is_read(tmp_path):
    assert processors._read_quota(tmp_path) is None
    assert quota(tmp_path, 'max 100000\n') is None
    assert quota(tmp_path, '150000 100000\n') == 1.5


def test_never_more_threads_than_the_container_has_time_for(monkeypatch):
    monkeypatch.setattr(processors, '_read_quota', lambda: 0.5)
    assert processors.count_processors() == 1
    monkeypatch.setattr(processors, '_read_quota', lambda: None)
    assert processors.count_processors() == len(os.sched_getaffinity(0))


def test_the_users_number_has_precedence(monkeypatch):
    monkeypatch.setattr(processors, 'count_processors', lambda: 3)
    monkeypatch.setattr(processors, '_keep_freed_memory', lambda: True)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    assert processors.use_processors().startswith('3 threads compute (proc')
    torch.set_num_threads(2)
    monkeypatch.setenv('OMP_NUM_THREADS', '2')
    said = processors.use_processors()
    assert said.startswith('2 threads compute (OMP_NUM_THREADS)')
    assert 'memory is kept' in said
