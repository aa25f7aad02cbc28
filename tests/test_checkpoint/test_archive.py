# Copyright (c) elip_mm contributors. All rights reserved.
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

from elip_mm.checkpoint.archive import (
    check_archive,
    check_regular_file,
    is_archive,
)


def test_both_formats_of_torch(tmp_path):
    path = str(tmp_path / 'a.pth')
    torch.save(torch.ones(3), path)
    assert is_archive(path)
    check_archive(path)
    torch.save(torch.ones(3), path, _use_new_zipfile_serialization=False)
    assert not is_archive(path)


@pytest.mark.skipif(
    not hasattr(torch.serialization, 'set_crc32_options'),
    reason='needs torch 2.6',
)
def test_archive_that_was_written_without_checksums(tmp_path):
    path = str(tmp_path / 'a.pth')
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(torch.ones(3), path)
    finally:
        torch.serialization.set_crc32_options(True)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is not None  # so it would be refused
    check_archive(path)


@pytest.mark.parametrize(
    'content, message',
    [
        (b'', 'it is empty'),
        (b'epoch: 3\n', 'it is a text'),
        (b'<!DOCTYPE html>', 'it is a web page'),
        (b'version https://git-lfs.github.com/spec/v1', 'git lfs pull'),
        (pickle.dumps(dict(a=1)), 'pickle that torch.save did not write'),
        (pickle.dumps(dict(a=1), protocol=0), 'is no checkpoint'),
        (b'\x08\0\0\0\0\0\0\0{"a":{}}' + bytes(9), 'of safetensors'),
        (b'\x89HDF\r\n\x1a\n', 'HDF5'),
        (b'\x1f\x8b\x08\0', 'gzip'),
        (b'a.pth'.ljust(257, b'\0') + b'ustar', 'tar archive'),
        (bytes(4096), 'nothing but zeros'),
        (b'\x01\x02\x03', 'of an unknown kind'),
        (b'PK\x03\x04' + bytes(40), 'cut short'),
    ],
)
def test_other_files_are_named(tmp_path, content, message):
    path = tmp_path / 'a.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        is_archive(str(path))
    assert str(path) in str(error.value)


def test_other_archives_are_named(tmp_path):
    path = str(tmp_path / 'a.zip')
    np.savez(tmp_path / 'a.npz', weight=np.ones(3))
    with pytest.raises(ValueError, match='not of torch.save.*weight.npy'):
        check_archive(str(tmp_path / 'a.npz'))
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a/data.pkl', b'')
        archive.writestr('a/constants.pkl', b'')
    with pytest.raises(ValueError, match='program of torch.jit'):
        check_archive(path)
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a/data.pkl', bytes(10**6))
    with pytest.raises(ValueError, match='is compressed'):
        check_archive(path)
    with pytest.warns(UserWarning), zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a/data.pkl', b'1')
        archive.writestr('a/data.pkl', b'2')
    with pytest.raises(ValueError, match='two records of one name'):
        check_archive(path)


def test_only_plain_files_are_opened(tmp_path):
    check_regular_file(__file__)
    os.mkfifo(tmp_path / 'pipe.pth')
    with pytest.raises(ValueError, match='is no plain file'):
        check_regular_file(tmp_path / 'pipe.pth')
    with pytest.raises(ValueError, match='is a folder'):
        check_regular_file(tmp_path)
    (tmp_path / 'link.pth').symlink_to(tmp_path / 'gone')
    with pytest.raises(FileNotFoundError, match='its link leads nowhere'):
        check_regular_file(tmp_path / 'link.pth')
    (tmp_path / 'circle').symlink_to(tmp_path / 'circle')
    for name in (str(tmp_path / 'circle'), 'a' * 5000, 'a\0b'):
        with pytest.raises(ValueError, match='cannot be opened'):
            check_regular_file(name)
