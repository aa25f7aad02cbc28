# Copyright (c) elip_mm contributors. All rights reserved.
"""Files that are made to harm whoever loads them as a checkpoint.

Each function writes one file. ``touch`` is a command that leaves a trace: it
is what would run.
"""

import io
import os
import pickle
import sys
import tarfile
import zipfile
from collections import OrderedDict

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from ..test_checkpoint.samples import Evil, resumable

WEIGHTS = dict(weight=torch.ones(2))


def write(path, content, **options):
    torch.save(content, path, **options)


def call_in_an_archive(path, touch):
    write(path, dict(state_dict=WEIGHTS, meta=Evil(os.system, touch)))


def call_in_the_older_format(path, touch):
    content = dict(state_dict=WEIGHTS, meta=Evil(os.system, touch))
    write(path, content, _use_new_zipfile_serialization=False)


def call_as_the_magic_number(path, touch):
    path.write_bytes(pickle.dumps(Evil(os.system, touch), protocol=2))


def call_in_text_pickle(path, touch):
    path.write_bytes(pickle.dumps(Evil(os.system, touch), protocol=0))


def call_behind_the_older_beginning(path, touch):
    begin = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'
    path.write_bytes(begin + pickle.dumps(Evil(os.system, touch), protocol=2))


def call_in_a_tar(path, touch):
    """The oldest format, which earlier releases of torch unpack."""
    with tarfile.open(path, 'w') as archive:
        for name in ('storages', 'tensors', 'pickle'):
            raw = pickle.dumps(Evil(os.system, touch), protocol=2)
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))


def program_of_jit(path, touch):
    """Earlier releases of torch hand it over to torch.jit.load."""
    raw = pickle.dumps(Evil(os.system, touch), protocol=2)
    with zipfile.ZipFile(path, 'w') as archive:
        for name in ('data.pkl', 'constants.pkl', 'version'):
            archive.writestr(f'archive/{name}', raw)


def call_by_eval(path, touch):
    code = f'__import__("os").system({touch!r})'
    write(path, dict(state_dict=WEIGHTS, meta=Evil(eval, code)))


def methods_of_allowed_objects(path, touch):
    call = Evil(getattr, HistoryBuffer, 'register_statistics')
    write(path, dict(state_dict=WEIGHTS, meta=call))


def attributes_instead_of_methods(path, touch):
    weights = OrderedDict(WEIGHTS)
    weights.keys = 5
    write(path, dict(state_dict=weights))


def _with_config(place):
    def attack(path, touch):
        content = resumable()
        holder = content
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = f'__import__("os").system({touch!r})'
        write(path, content)

    attack.__name__ = f'config_in_{"_".join(place)}'
    return attack


CONFIG_TEXTS = [
    _with_config(('meta', 'config')),
    _with_config(('meta', 'cfg')),
    _with_config(('message_hub', 'runtime_info', 'cfg')),
]


def config_of_data_that_names_a_function(path, touch):
    content = resumable()
    text = f'model = dict(type="os.system", command={touch!r})'
    content['meta']['config'] = content['meta']['cfg'] = text
    write(path, content)


def lists_that_double(path, touch):
    inner = ['x']
    for _ in range(60):
        inner = [inner, inner]
    content = resumable()
    content['message_hub']['runtime_info']['laughs'] = inner
    write(path, content)


def list_that_holds_itself(path, touch):
    inner = []
    inner.append(inner)
    write(path, {**resumable(), 'note': inner})


def lists_very_deep(path, touch):
    # Written by hand: pickle itself cannot go that deep.
    raw = b'\x80\x02' + b'](' * 20_000 + b'e' * 20_000 + b'.'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('archive/data.pkl', raw)
        archive.writestr('archive/version', b'3\n')
        archive.writestr('archive/byteorder', sys.byteorder.encode())


def archive_that_swells(path, touch):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('archive/version', b'3\n')
        archive.writestr('archive/data.pkl', bytes(10**7))


def records_of_one_name(path, touch):
    """One for who checks, another for who loads."""
    write(path, dict(state_dict=WEIGHTS))
    with zipfile.ZipFile(path, 'a') as archive:
        name = next(n for n in archive.namelist() if n.endswith('data.pkl'))
        archive.writestr(f'{name}x', pickle.dumps(Evil(os.system, touch), 2))
    raw = path.read_bytes()
    path.write_bytes(raw.replace(f'{name}x'.encode(), name.encode() + b'\0'))


def array_of_all_memory(path, touch):
    array = Evil(np.ndarray, (10**14,))
    write(path, dict(state_dict=WEIGHTS, message_hub=array))


def bytes_of_all_memory(path, touch):
    write(path, dict(state_dict=WEIGHTS, note=Evil(bytearray, 10**15)))


def tensor_of_all_memory(path, touch):
    huge = torch.ones(1).expand(10**7, 10**7)
    write(path, dict(state_dict=dict(weight=huge)))


def pipe(path, touch):
    os.mkfifo(path)


def endless_device(path, touch):
    path.symlink_to('/dev/zero')


def link_in_a_circle(path, touch):
    path.symlink_to(path)


def folder(path, touch):
    path.mkdir()


# Nothing of these may be read, ...
REFUSED = [
    call_in_an_archive,
    call_in_the_older_format,
    call_as_the_magic_number,
    call_in_text_pickle,
    call_behind_the_older_beginning,
    call_in_a_tar,
    program_of_jit,
    call_by_eval,
    methods_of_allowed_objects,
    attributes_instead_of_methods,
    lists_that_double,
    list_that_holds_itself,
    lists_very_deep,
    archive_that_swells,
    records_of_one_name,
    array_of_all_memory,
    bytes_of_all_memory,
    pipe,
    endless_device,
    link_in_a_circle,
    folder,
]
# ... and these are harmless once the text is set aside.
HARMLESS = [
    *CONFIG_TEXTS,
    config_of_data_that_names_a_function,
    tensor_of_all_memory,
]
