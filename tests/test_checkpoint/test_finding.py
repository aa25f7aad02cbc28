# Copyright (c) elip_mm contributors. All rights reserved.
import os
import shutil

import pytest
import torch

from elip_mm.checkpoint import (
    find_resumable_checkpoint,
    read_last_checkpoint,
)

from .samples import resumable


def save(folder, step, age):
    path = folder / f'iter_{step}.pth'
    torch.save(resumable(), path)
    os.utime(path, (1000 - age, 1000 - age))
    return str(path)


def test_newest_whole_checkpoint(tmp_path):
    assert find_resumable_checkpoint(tmp_path) is None
    assert find_resumable_checkpoint(tmp_path / 'missing') is None
    first, second, third = (save(tmp_path, s, 30 - s) for s in (8, 9, 10))
    assert find_resumable_checkpoint(tmp_path) == third
    note = tmp_path / 'last_checkpoint'
    note.write_text(second)
    assert find_resumable_checkpoint(tmp_path) == second
    note.write_text('')  # cut short by a crash of an older version
    assert find_resumable_checkpoint(tmp_path) == third

    warnings = []
    with open(third, 'r+b') as file:
        file.truncate(40)
    assert find_resumable_checkpoint(tmp_path, warnings.append) == second
    assert 'iter_10.pth (40 bytes) is cut short' in warnings[0]
    os.remove(second)
    note.write_text(second)
    assert find_resumable_checkpoint(tmp_path, warnings.append) == first


def test_moved_and_copied_folders(tmp_path):
    old, moved, copied = (tmp_path / x for x in ('old', 'moved', 'copied'))
    old.mkdir()
    (old / 'last_checkpoint').write_text(save(old, 1, 0))
    shutil.copytree(old, copied)
    assert find_resumable_checkpoint(copied) == str(copied / 'iter_1.pth')
    old.rename(moved)
    assert find_resumable_checkpoint(moved) == str(moved / 'iter_1.pth')


def damage(path, start, with_what):
    with open(path, 'r+b') as file:
        file.seek(start, os.SEEK_END if start < 0 else os.SEEK_SET)
        file.write(with_what)


@pytest.mark.parametrize(
    'start, with_what',
    [
        (90, b'\xff'),  # the pickle
        (-300, b'\xff\xff\xff\xff'),  # the directory
        (600, bytes(64)),
    ],
)
def test_damage_inside_is_passed_over(tmp_path, start, with_what):
    good, bad = save(tmp_path, 1, 10), save(tmp_path, 2, 0)
    (tmp_path / 'last_checkpoint').write_text(bad)
    damage(bad, start, with_what)
    warnings = []
    found = find_resumable_checkpoint(tmp_path, warnings.append)
    assert found == good
    assert len(warnings) == 1 and bad in warnings[0]
    assert 'Delete the file' in warnings[0]


def test_what_is_no_checkpoint_of_a_run_is_passed_over(tmp_path):
    good = save(tmp_path, 1, 10)
    torch.save(dict(state_dict=dict(w=torch.ones(2))), tmp_path / 'iter_2.pth')
    (tmp_path / 'iter_3.pth').write_text('a text')
    (tmp_path / 'iter_4.pth').mkdir()
    os.mkfifo(tmp_path / 'iter_5.pth')
    (tmp_path / 'iter_99.pth').symlink_to(tmp_path / 'gone')
    warnings = []
    assert find_resumable_checkpoint(tmp_path, warnings.append) == good
    assert len(warnings) <= 5
    assert any('load_from' in text for text in warnings)


@pytest.mark.parametrize(
    'note',
    [
        bytes(range(256)),
        b'/nowhere/' + b'a' * 100_000,
        b'a' * 300,
        b'iter_\0.pth',
        b'..',
        b'/',
        b'iter_1.pth\niter_2.pth',
    ],
)
def test_note_that_is_none_is_passed_over(tmp_path, note):
    good = save(tmp_path, 1, 10)
    (tmp_path / 'last_checkpoint').write_bytes(note)
    assert read_last_checkpoint(tmp_path) is None
    assert find_resumable_checkpoint(tmp_path) == good


def test_note_that_is_a_pipe_does_not_block(tmp_path):
    good = save(tmp_path, 1, 10)
    os.mkfifo(tmp_path / 'last_checkpoint')
    assert find_resumable_checkpoint(tmp_path) == good
