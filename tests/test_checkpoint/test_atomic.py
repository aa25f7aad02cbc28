# Copyright (c) elip_mm contributors. All rights reserved.
import os

import pytest

from elip_mm.checkpoint import AtomicLocalBackend


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path, backend = tmp_path / 'sub' / 'a.pth', AtomicLocalBackend()
    backend.put(b'old', path)

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', killed)
    with pytest.raises(KeyboardInterrupt):
        backend.put(b'new', path)
    assert path.read_bytes() == b'old'
    monkeypatch.undo()
    backend.put_text('new', path)
    assert path.read_bytes() == b'new'
    assert os.listdir(path.parent) == ['a.pth']
