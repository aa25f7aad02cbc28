# Copyright (c) elip_mm contributors. All rights reserved.
"""Hostile data: nothing runs, nothing hangs, nothing leaves the root."""

import gc
import http.server
import json
import os
import signal
import socket
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image

from elip_mm.datasets import ImageTextPairs

SECONDS = 20
LOAD = dict(type='mmpretrain.LoadImageFromFile')
CAPTION = 'a red kite'


@pytest.fixture(autouse=True)
def _no_hanging():
    """What hangs is ended and fails."""

    def stop(*args):
        raise TimeoutError(f'hangs for more than {SECONDS} seconds')

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def _no_full_collection(monkeypatch):
    """Spare the collection that mmengine asks for with every data set."""
    monkeypatch.setattr(gc, 'collect', lambda *args: 0)


@pytest.fixture
def root(tmp_path):
    """A data root with one good image, and a secret beside it."""
    (tmp_path / 'data/images').mkdir(parents=True)
    pixels = np.full((8, 8, 3), 200, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'data/images/good.png')
    Image.fromarray(pixels).save(tmp_path / 'secret.png')
    return tmp_path / 'data'


@pytest.fixture
def said(monkeypatch):
    """Everything that data sets report."""
    lines = []
    for module in ('base', 'pair_records'):
        monkeypatch.setattr(
            f'elip_mm.datasets.{module}.print_log',
            lambda text, **kwargs: lines.append(text),
        )
    return lines


def pairs(root, *images, load=LOAD, **kwargs):
    records = [dict(image=str(name), caption=CAPTION) for name in images]
    (root / 'a.json').write_text(json.dumps(records))
    arguments = dict(data_root=str(root), data_prefix='images')
    return ImageTextPairs('a.json', pipeline=[load], **{**arguments, **kwargs})


def check_replaced(data, said, message):
    """The first image is bad for the reason given, another one is read."""
    assert data[0]['img_path'].endswith('good.png')
    assert data.num_bad == 1
    (line,) = said
    assert message in line


def bomb(path, side=15000):
    """A png of 225 megapixels, all black, in a few kilobytes."""

    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack('>I', len(body)) + kind + body + struct.pack(
            '>I', crc
        )  # fmt: skip

    rows = zlib.compressobj(9)
    packed = b''.join(rows.compress(bytes(side // 8 + 1)) for _ in range(side))
    head = struct.pack('>IIBBBBB', side, side, 1, 0, 0, 0, 0)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', head)
        + chunk(b'IDAT', packed + rows.flush())
        + chunk(b'IEND', b'')
    )


# ---- what is no picture -------------------------------------------------


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize(
    'kind, message',
    [
        ('fifo', 'it is a pipe'),
        ('folder', 'it is a folder'),
        ('socket', 'it is a socket'),
        ('device', 'it is a device'),
        ('program', 'UnidentifiedImageError'),
        ('bomb', 'more pixels than max_pixels=89478485'),
    ],
)
def test_what_is_no_picture_is_not_opened(root, said, kind, message, backend):
    path = root / 'images' / 'bad.png'
    allowed = {}
    if kind == 'fifo':
        os.mkfifo(path)
    elif kind == 'folder':
        path.mkdir()
    elif kind == 'socket':
        with socket.socket(socket.AF_UNIX) as opened:
            # The name of a socket must be short.
            here = os.open(path.parent, os.O_RDONLY)
            opened.bind(f'/proc/self/fd/{here}/bad.png')
            os.close(here)
    elif kind == 'device':
        path.symlink_to('/dev/zero')
        allowed = dict(allow_outside=True)
    elif kind == 'program':
        # Pillow would hand PostScript to its interpreter.
        path.write_text(
            '%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n'
            '%%EndComments\nshowpage\n'
        )
    else:
        bomb(path)
    load = dict(LOAD, imdecode_backend=backend)
    data = pairs(root, 'bad.png', 'good.png', load=load, **allowed)
    check_replaced(data, said, message)


def test_the_bound_of_pixels_is_a_setting(root, said):
    check_replaced(
        pairs(root, 'b.png', 'good.png', max_pixels=64), said, 'FileNotFound'
    )
    image = Image.new('RGB', (9, 8))
    image.save(root / 'images' / 'b.png')
    data = pairs(root, 'b.png', 'good.png', max_pixels=64)
    assert data[0]['img_path'].endswith('good.png')
    assert pairs(root, 'b.png', max_pixels=72)[0]['img'].shape == (8, 9, 3)
    assert pairs(root, 'b.png', max_pixels=None)[0]['img'].shape == (8, 9, 3)


# ---- leaving the root ---------------------------------------------------


@pytest.mark.parametrize('image', ['../../secret.png', '{}/secret.png'])
def test_a_path_out_of_the_root_is_refused(root, image):
    name = image.format(root.parent)
    with pytest.raises(ValueError, match='leads out of the image root'):
        pairs(root, name)
    assert pairs(root, name, allow_outside=True)[0]['img'].shape == (8, 8, 3)


def test_a_linked_folder_out_of_the_root_is_refused(root):
    (root / 'images' / 'more').symlink_to(root.parent)
    with pytest.raises(ValueError, match='record 0 .*allow_outside=True'):
        pairs(root, 'more/secret.png')


def test_a_link_out_of_the_root_is_not_followed(root, said):
    (root / 'images' / 'bad.png').symlink_to(root.parent / 'secret.png')
    data = pairs(root, 'bad.png', 'good.png')
    check_replaced(data, said, 'a link out of the image root')
    data = pairs(root, 'bad.png', allow_outside=True)
    assert data[0]['img'].shape == (8, 8, 3)


def test_links_and_absolute_paths_within_the_root_are_followed(root):
    (root / 'images' / 'same.png').symlink_to('good.png')
    linked = root.parent / 'linked'
    linked.symlink_to(root)
    for place in (root, linked):
        for name in ('same.png', root / 'images/good.png'):
            assert pairs(place, name)[0]['img'].shape == (8, 8, 3)


def test_without_a_root_paths_are_taken_as_they_are(root):
    (root / 'a.json').write_text(
        json.dumps([dict(image=str(root.parent / 'secret.png'), caption='a')])
    )
    data = ImageTextPairs(str(root / 'a.json'), pipeline=[LOAD])
    assert data[0]['img'].shape == (8, 8, 3)


# ---- addresses ----------------------------------------------------------


@pytest.fixture
def server(root):
    """An address, and what was asked of it."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((root / 'images/good.png').read_bytes())

        def log_message(self, *args):
            pass

    service = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=service.serve_forever, daemon=True)
    thread.start()
    yield f'http://127.0.0.1:{service.server_port}/x.png', asked
    service.shutdown()
    service.server_close()


@pytest.mark.parametrize('prefix', ['', 'images'])
def test_addresses_are_not_fetched(root, server, prefix):
    address, asked = server
    with pytest.raises(ValueError, match='an address.*allow_remote=True'):
        pairs(root, address, data_prefix=prefix)
    with pytest.raises(ValueError, match='address; set allow_remote=True'):
        ImageTextPairs(address)
    assert not asked


def test_addresses_are_fetched_if_that_is_allowed(root, server):
    address, asked = server
    # Outside of the root they are all the same.
    with pytest.raises(ValueError, match='leads out of the image root'):
        pairs(root, address, allow_remote=True)
    allowed = dict(allow_remote=True, allow_outside=True)
    assert pairs(root, address, **allowed)[0]['img'].shape == (8, 8, 3)
    assert asked == ['/x.png']


# ---- annotation files ---------------------------------------------------


@pytest.mark.parametrize(
    'content, message',
    [
        ('[' * 200_000, 'nested too deeply'),
        ('{"a":' * 200_000, 'nested too deeply'),
        ('[' + '9' * 5000 + ']', 'not valid json|needs a path'),
        ('[{"image": "' + 'x' * 10_000_000, 'not valid json'),
        ('[{"image": "good.png", "caption": "a", "image_id": ["'
         + 'x' * 10_000_000 + '"]}]', '"image_id" as a number or text'),
        ('[{"image": "a\\u0000b", "caption": "a"}]', 'path of no file'),
        ('[{"image": "\\ud83d.png", "caption": "a"}]', 'path of no file'),
        ('[__import__("os").system("touch executed")]', 'not valid json'),
        ('!!python/object/apply:os.system ["touch executed"]', 'valid json'),
    ],
    ids=range(9),  # their texts would be names of ten megabytes
)  # fmt: skip
def test_hostile_json(root, monkeypatch, content, message):
    monkeypatch.chdir(root)
    (root / 'b.json').write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        ImageTextPairs('b.json', data_root=str(root), data_prefix='images')
    assert len(str(caught.value)) < 1500
    assert not (root / 'executed').exists()


def test_an_annotation_file_must_be_a_file(root):
    os.mkfifo(root / 'pipe.json')
    for name, kind in (('pipe.json', 'a pipe'), ('images', 'a folder')):
        with pytest.raises(ValueError, match=f'is {kind} and not a regular'):
            ImageTextPairs(name, data_root=str(root), data_prefix='images')


def test_a_caption_of_ten_megabytes_is_a_caption(root):
    (root / 'b.json').write_text(
        json.dumps([dict(image='good.png', caption='word ' * 2_000_000)])
    )
    data = ImageTextPairs(
        'b.json', data_root=str(root), data_prefix='images', pipeline=[LOAD]
    )
    assert len(data[0]['text']) == 10_000_000


def test_halves_of_characters_are_mended_and_reported_once(root, said):
    (root / 'b.json').write_text(
        '[{"image": "good.png", "caption": "smile \\ud83d"},'
        ' {"image": "good.png", "caption": ["\\udc80 a", "\\ud83d\\ude00"]}]'
    )
    data = ImageTextPairs('b.json', data_root=str(root), data_prefix='images')
    assert data.get_data_info(0)['text'] == 'smile \ufffd'
    assert data.get_data_info(1)['text'] == ['\ufffd a', '\U0001f600']
    (line,) = said
    assert '2 captions hold halves of characters' in line
    assert 'record 0' in line and 'record 1' in line
