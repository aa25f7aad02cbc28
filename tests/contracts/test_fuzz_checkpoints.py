# Copyright (c) elip_mm contributors. All rights reserved.
"""Whatever is in a file: it is read right, or refused by an error of ours.

With ``ELIP_FUZZ=full`` many more are drawn.
"""

import io
import os
import struct
import zipfile

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from elip_mm.checkpoint import (
    check_state_dict,
    find_resumable_checkpoint,
    from_plain,
    load_checkpoint_file,
)
from elip_mm.checkpoint.contents import check_run_file
from elip_mm.converters import FAMILIES, convert_file

from ..support.fuzzing import examples
from ..test_checkpoint.samples import foreign_checkpoint

OURS = ValueError, FileNotFoundError


def as_bytes(content, **options):
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def model():
    """Small, but with buffers beside its parameters."""
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))


def training_state():
    """What a run leaves, in plain data."""
    return dict(
        meta=dict(epoch=1, iter=7, cfg='a = 1'),
        state_dict=model().state_dict(),
        message_hub=dict(
            log_scalars={
                'train/loss': dict(
                    log=torch.ones(3), count=torch.ones(3), max_length=9
                )
            },
            runtime_info=dict(step=3, best_ckpt=None),
            resumed_keys={'train/loss': True},
        ),
        optimizer=dict(state={}, param_groups=[dict(lr=0.1, params=[0])]),
        param_schedulers=[dict(last_step=3)],
    )


WHOLE = as_bytes(training_state())
OLDER = as_bytes(training_state(), _use_new_zipfile_serialization=False)
FOREIGN = as_bytes(foreign_checkpoint())


def use(path):
    """All that happens to a file until a training would go on from it."""
    content = load_checkpoint_file(path, 'cpu')
    check_run_file(content, path)
    from_plain(content)
    check_state_dict(model(), content, path)
    return content


def check_outcome(folder, raw):
    """Fail unless ``raw`` is used, or refused by an error of our own."""
    path = folder / 'iter_1.pth'
    path.write_bytes(raw)
    try:
        content = use(str(path))
    except OURS as error:
        assert str(error).strip()
        return None
    return content


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('fuzz')


def equal(left, right):
    return left.keys() == right.keys() and all(
        torch.equal(left[key], right[key]) for key in left
    )


@examples(100, 3000)
@given(st.data())
def test_bits_that_flip(folder, data):
    place = data.draw(st.integers(0, len(WHOLE) - 1))
    bit = data.draw(st.integers(0, 7))
    raw = bytearray(WHOLE)
    raw[place] ^= 1 << bit
    content = check_outcome(folder, bytes(raw))
    # What is accepted is what was written: only padding may have changed.
    true = torch.load(io.BytesIO(WHOLE), weights_only=True)['state_dict']
    assert content is None or equal(content['state_dict'], true)


def save(path, raw):
    path.write_bytes(raw)
    return str(path)


@examples(60, 1500)
@given(st.data())
def test_bytes_that_change(folder, data):
    raw = bytearray(data.draw(st.sampled_from([WHOLE, OLDER, FOREIGN])))
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(
            st.integers(0, 255)
        )
    check_outcome(folder, bytes(raw))


@examples(60, 1000)
@given(st.data())
def test_files_that_are_cut_and_joined(folder, data):
    raw = data.draw(st.sampled_from([WHOLE, OLDER, FOREIGN]))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    tail = data.draw(st.sampled_from([b'', WHOLE[-300:], bytes(99)]))
    check_outcome(folder, data.draw(st.sampled_from([raw[:end], raw[start:]])))
    check_outcome(folder, raw[start:end] + tail)


HEADS = [
    b'',
    b'PK\x03\x04',
    b'\x80\x02',
    b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.',
    b'<',
    b'\x89HDF',
]


@examples(60, 1500)
@given(st.sampled_from(HEADS), st.binary(max_size=2000))
def test_bytes_that_mean_nothing(folder, head, rest):
    check_outcome(folder, head + rest)


@examples(60, 1500)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_pickles_that_mean_nothing_in_whole_archives(folder, one, two):
    """Checksums are right, so torch reads these bytes."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    name = next(key for key in records if key.endswith('data.pkl'))
    true = records[name]
    place = len(one) * len(true) // 61
    records[name] = true[:place] + two + true[place + len(two) :]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        for key, value in records.items():
            archive.writestr(key, value)
    check_outcome(folder, buffer.getvalue())


RECORDS = st.sampled_from(
    ['data.pkl', 'version', 'byteorder', 'data/0', '../x', '/x', '', 'é']
)


@examples(60, 1000)
@given(
    st.dictionaries(RECORDS, st.binary(max_size=50), max_size=6),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.sampled_from(['archive/', '', 'a/b/', '../']),
)
def test_archives_with_odd_records(folder, records, method, top):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', method) as archive:
        for name, value in records.items():
            archive.writestr(top + name or 'x', value)
    check_outcome(folder, buffer.getvalue())


TENSORS = st.sampled_from(
    [
        torch.ones(()),
        torch.ones(3, 4),
        torch.ones(0, 5),
        torch.ones(3, dtype=torch.bool),
        torch.ones(3, dtype=torch.complex64),
        torch.eye(3).to_sparse(),
        torch.ones(1).expand(10**6, 10**6),
        torch.full((3,), float('nan')),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    TENSORS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=5), st.integers()), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
PATHS = [
    'meta',
    'meta.epoch',
    'meta.iter',
    'meta.seed',
    'meta.cfg',
    'meta.config',
    'state_dict',
    'state_dict.0.weight',
    'state_dict.1.num_batches_tracked',
    'state_dict.extra',
    'message_hub',
    'message_hub.log_scalars',
    'message_hub.log_scalars.train/loss',
    'message_hub.runtime_info',
    'message_hub.runtime_info.keep_ckpt_ids',
    'message_hub.resumed_keys',
    'optimizer',
    'param_schedulers',
]


@examples(80, 3000)
@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES), max_size=3))
def test_odd_values_in_a_checkpoint(folder, changes):
    content = training_state()
    for path, value in changes:
        holder, names = content, path.split('.', path.count('.'))
        if path.startswith('state_dict.'):
            names = path.split('.', 1)
        for name in names[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder[names[-1]] = value
    found = check_outcome(folder, as_bytes(content))
    assert found is None or found['meta']['iter'] >= 0


@examples(60, 1000)
@given(VALUES)
def test_odd_values_as_a_checkpoint(folder, value):
    check_outcome(folder, as_bytes(value))


@examples(40, 500)
@given(st.sampled_from(sorted(FAMILIES)), VALUES)
def test_odd_values_to_convert(folder, family, value):
    source, out = folder / 'in.pth', folder / 'out.pth'
    source.write_bytes(as_bytes({FAMILIES[family].weights: value}))
    with pytest.raises(OURS):
        convert_file(str(source), out, FAMILIES[family])
    assert not out.exists()


@examples(40, 500)
@given(st.binary(max_size=300), st.binary(max_size=200))
def test_folders_of_a_run(tmp_path_factory, note, other):
    folder = tmp_path_factory.mktemp('run')
    good = save(folder / 'iter_1.pth', WHOLE)
    os.utime(good, (1, 1))
    save(folder / 'iter_2.pth', other)
    save(folder / 'last_checkpoint', note)
    assert find_resumable_checkpoint(folder, lambda text: None) == good


def test_sizes_that_cannot_be(folder):
    """A directory that promises more than there is."""
    true = torch.load(io.BytesIO(WHOLE), weights_only=True)['state_dict']
    raw = bytearray(WHOLE)
    place = raw.rindex(b'PK\x05\x06')
    for offset in (8, 10, 12, 16):
        for number in (0, 1, 2**15, 2**31 - 1):
            changed = bytearray(raw)
            size = 2 if offset < 12 else 4
            struct.pack_into(
                '<H' if size == 2 else '<I',
                changed,
                place + offset,
                number % 2 ** (8 * size),
            )
            content = check_outcome(folder, bytes(changed))
            assert content is None or equal(content['state_dict'], true)
