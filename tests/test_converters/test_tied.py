# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch

from elip_mm.converters.tied import drop_tied, restore_tied

TIED = [('decoder.{n}.w', 'words.{n}.w'), ('out', 'words.0.w')]


def state():
    words = {f'words.{i}.w': torch.full((2,), i) for i in range(2)}
    copies = {f'decoder.{i}.w': torch.full((2,), i) for i in range(2)}
    return {**words, **copies, 'out': torch.zeros(2, dtype=torch.long)}


def test_copies_go_and_come_back():
    dropped = drop_tied(state(), TIED)
    assert sorted(dropped) == ['words.0.w', 'words.1.w']
    restored = restore_tied(dropped, TIED)
    assert restored.keys() == state().keys()
    assert all(torch.equal(restored[k], v) for k, v in state().items())


def test_copies_that_differ_or_stand_alone_are_refused():
    other = state()
    other['decoder.1.w'] += 1
    with pytest.raises(ValueError, match="'decoder.1.w' should equal 'words"):
        drop_tied(other, TIED)
    del other['words.1.w']
    with pytest.raises(ValueError, match="'decoder.1.w', but not 'words.1.w'"):
        drop_tied(other, TIED)
