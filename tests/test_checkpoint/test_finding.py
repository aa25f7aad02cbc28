# Copyright (c) elip_mm contributors. All rights reserved.
import os
import shutil

import torch

from elip_mm.checkpoint import find_resumable_checkpoint


def save(folder, step, age):
    path = folder / f'iter_{step}.pth'
    torch.save(dict(step=step), path)
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
    assert 'iter_10.pth is damaged' in warnings[0]
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
