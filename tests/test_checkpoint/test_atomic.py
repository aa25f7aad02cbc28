# Copyright (c) elip_mm contributors. All rights reserved.
import errno
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


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='needs /dev/full')
def test_full_disk_is_named_and_leaves_nothing(tmp_path):
    path = tmp_path / 'iter_2.pth'
    backend = AtomicLocalBackend()
    backend.put(b'old', path)
    (tmp_path / 'iter_2.pth.partial').symlink_to('/dev/full')
    with pytest.raises(OSError) as error:
        backend.put(bytes(3 * 2**20), path)
    assert error.value.errno == errno.ENOSPC
    assert f'{path} (3.0 MiB) cannot be written: No space' in str(error.value)
    assert ' MiB are free in its folder' in str(error.value)
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['iter_2.pth']


def test_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError, match='file/a.pth .*cannot be written'):
        AtomicLocalBackend().put(b'new', tmp_path / 'file/a.pth')
