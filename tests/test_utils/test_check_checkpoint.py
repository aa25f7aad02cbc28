# Copyright (c) elip_mm contributors. All rights reserved.
import os
import shutil

import pytest
import torch
from torch import nn

from elip_mm.checkpoint.strict_check import (
    check_state_dict,
    find_resumable_checkpoint,
)


def model(width=4, head=True):
    parts = dict(body=nn.Linear(3, width), norm=nn.BatchNorm1d(width))
    if head:
        parts['head'] = nn.Linear(width, 2)
    return nn.ModuleDict(parts)


def test_fitting_checkpoints():
    weights = model().state_dict()
    check_state_dict(model(), weights)
    check_state_dict(model(), dict(state_dict=weights, meta={}))
    wrapped = {f'module.{key}': value for key, value in weights.items()}
    check_state_dict(model(), dict(state_dict=wrapped))
    weights.pop('norm.num_batches_tracked')
    check_state_dict(model(), weights)


def test_missing_weights_need_permission():
    weights = model(head=False).state_dict()
    with pytest.raises(ValueError) as error:
        check_state_dict(model(), weights, source='a.pth')
    assert str(error.value).splitlines() == [
        'a.pth does not fit the model ModuleDict:',
        '  missing in the file: head.weight, head.bias',
        '  Use the config it was trained with.',
        '  To start a training from a part of the weights, set '
        'load_strict=False in the config.',
    ]
    check_state_dict(model(), weights, partial=True)
    with pytest.raises(ValueError, match='unknown to the model: head.weight'):
        check_state_dict(model(head=False), model().state_dict())
    check_state_dict(model(head=False), model().state_dict(), partial=True)


@pytest.mark.parametrize('partial', [False, True])
def test_other_shapes_and_other_models_never_fit(partial):
    with pytest.raises(ValueError) as error:
        check_state_dict(model(), model(width=5).state_dict(), partial=partial)
    assert 'body.weight is [5, 3], not [4, 3], body.bias is [5], not [4]' in (
        str(error.value)
    )
    assert ', ... (7 in all)' in str(error.value)
    assert 'load_strict' not in str(error.value)
    with pytest.raises(ValueError, match='missing in the file'):
        check_state_dict(
            model(), nn.Conv2d(1, 1, 1).state_dict(), partial=partial
        )


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
