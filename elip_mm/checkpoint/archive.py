# Copyright (c) elip_mm contributors. All rights reserved.
"""What kind of file something is, and whether it is still what was written.

``torch.save`` writes an archive with a checksum for each record, but
``torch.load`` does not compare them.
"""

import os
import stat
import struct
import zipfile
import zlib
from typing import List, Tuple, Union

__all__ = ['check_regular_file', 'check_archive', 'is_archive']

# What torch.save wrote before it wrote archives; no other pickle is read.
_OLD_FORMAT = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'
_ARCHIVE = b'PK\x03\x04'
# How other files begin, and what to do with them.
_OTHERS: Tuple[Tuple[bytes, str], ...] = (
    (
        b'\x80',
        'it is a pickle that torch.save did not write, and reading it could '
        'run code. Read it where it was made and save the weights alone: '
        'torch.save(dict(state_dict=weights), path).',
    ),
    (
        b'version https://git-lfs',
        'it is not the file itself but a pointer to it; run "git lfs pull".',
    ),
    (
        b'<',
        'it is a web page or other XML, as a wrong address gives it. Fetch it '
        'again.',
    ),
    (
        b'\x89HDF',
        'it is a file of HDF5, as TensorFlow writes them, not torch.',
    ),
    (b'\x93NUMPY', 'it is an array of numpy. Save it with torch.save.'),
    (b'\x1f\x8b', 'it is compressed with gzip. Unpack it first.'),
    (b'7z\xbc\xaf', 'it is compressed with 7z. Unpack it first.'),
)
_CUT_SHORT = (
    'is cut short, as by an interrupted copy or a full disk. Fetch it again, '
    'or use an earlier one of that run.'
)
_CHUNK = 1 << 20


def check_regular_file(path: Union[str, os.PathLike]) -> None:
    """Raise an error unless there is a plain file.

    Anything else that has a name, such as a pipe, could block for ever.

    Args:
        path (str or Path): The file.

    Raises:
        FileNotFoundError: If there is nothing of that name.
        ValueError: If it is no plain file, or the name cannot be one.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        dangling = os.path.islink(path)
        raise FileNotFoundError(
            f'There is no checkpoint file {os.fspath(path)}'
            + (', its link leads nowhere' if dangling else '')
            + '; check the path.'
        ) from error
    except (OSError, ValueError) as error:  # too long, null bytes, a circle
        raise ValueError(
            f'{str(path)[:200]!r} cannot be opened as a checkpoint: {error}; '
            'check the path.'
        ) from error
    if not stat.S_ISREG(mode):
        kind = 'a folder' if stat.S_ISDIR(mode) else 'no plain file'
        raise ValueError(
            f'{os.fspath(path)} is {kind}; give the path of a checkpoint file.'
        )


def is_archive(path: str) -> bool:
    """Whether a file is an archive or in the older format of torch.

    Args:
        path (str): A plain file.

    Returns:
        bool: True for an archive.

    Raises:
        ValueError: If it is neither; the message says what it is.
    """
    size = os.path.getsize(path)
    if not size:
        raise ValueError(
            f'{path} is no checkpoint: it is empty. Fetch it again, or use an '
            'earlier one of that run.'
        )
    with open(path, 'rb') as file:
        start = file.read(512)
        file.seek(max(size - (1 << 16), 0))
        end = file.read()
    if start.startswith(_ARCHIVE):
        if b'PK\x05\x06' not in end:  # the directory is at the end
            raise ValueError(f'{path} ({size} bytes) {_CUT_SHORT}')
        return True
    if start.startswith(_OLD_FORMAT):
        return False
    raise ValueError(
        f'{path} ({size} bytes) is no checkpoint: {_say_what(start, size)}'
    )


def check_archive(path: str) -> None:
    """Compare each record of an archive with its checksum.

    Takes about a second for a gigabyte.

    Args:
        path (str): A file that :func:`is_archive` takes for an archive.

    Raises:
        ValueError: If a record is damaged, or the archive is none of
            ``torch.save``. The message names the record.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
            _check_origin(path, records)
            if not any(record.CRC for record in records):
                return  # written with torch's option to do without
            for record in records:
                _check_record(archive, record)
    except _NotOurs:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,  # a damaged version or kind of compression
        RuntimeError,  # a record that claims to be encrypted
        UnicodeDecodeError,
        OverflowError,
        ValueError,
        OSError,
    ) as error:
        raise ValueError(
            f'{path} is damaged ({error}): what is in it is no longer what '
            'was written. Fetch it again, or use an earlier one of that run.'
        ) from error


class _NotOurs(ValueError):
    """An archive of something else, which is no damage."""


def _check_origin(path: str, records: List[zipfile.ZipInfo]) -> None:
    names = [record.filename for record in records]
    top = {name.partition('/')[2] for name in names}
    if 'constants.pkl' in top:
        raise _NotOurs(
            f'{path} is a program of torch.jit or torch.export, not weights. '
            'Load it where it was made and save its state_dict().'
        )
    if 'data.pkl' not in top:
        shown = ', '.join(sorted(names)[:3]) or 'nothing'
        raise _NotOurs(
            f'{path} is an archive, but not of torch.save: it holds {shown}. '
            'Give a file that torch.save wrote.'
        )
    # torch.save compresses nothing, so what is packed could be of any size.
    packed = sum(record.file_size for record in records)
    if packed > os.path.getsize(path) or any(
        record.compress_type != zipfile.ZIP_STORED for record in records
    ):
        raise _NotOurs(
            f'{path} is compressed, which torch.save does not do, or is '
            'damaged. Fetch it again, or load it where it was made and save '
            'it again.'
        )
    if len(set(names)) < len(names):
        raise _NotOurs(
            f'{path} holds two records of one name, which torch.save does '
            'not write. Fetch it again.'
        )


def _check_record(archive: zipfile.ZipFile, record: zipfile.ZipInfo) -> None:
    """Read a record to its end; then zipfile compares the checksum."""
    with archive.open(record) as file:
        while file.read(_CHUNK):
            pass


def _say_what(start: bytes, size: int) -> str:
    for magic, words in _OTHERS:
        if start.lstrip().startswith(magic):
            return words
    if start[8:9] == b'{' and int.from_bytes(start[:8], 'little') < size:
        return (
            'it is a file of safetensors. Convert it: torch.save(dict('
            'state_dict=safetensors.torch.load_file(path)), new_path).'
        )
    if start[257:262] == b'ustar':
        return 'it is a tar archive. Unpack it first.'
    if not start.strip(b'\0'):
        return f'it holds nothing but zeros, or {_CUT_SHORT}'
    if all(byte in b'\t\n\r' or byte >= 32 for byte in start):
        return 'it is a text; check the path.'
    return (
        'it is of an unknown kind, or its beginning is damaged. Fetch it '
        'again, or use an earlier one of that run.'
    )
