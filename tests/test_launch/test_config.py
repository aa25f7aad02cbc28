# Copyright (c) elip_mm contributors. All rights reserved.
import pytest

from elip_mm.launch import check_checkpoint_path


def test_path_of_a_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    path.touch()
    check_checkpoint_path(str(path), '--resume')
    check_checkpoint_path('https://host/a.pth', '--resume')  # not looked up
    monkeypatch.setenv('HOME', str(tmp_path))
    check_checkpoint_path('~/a.pth', '--resume')
    with pytest.raises(FileNotFoundError, match='b.pth; .* given to --resume'):
        check_checkpoint_path('b.pth', '--resume')
