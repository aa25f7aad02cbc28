# Copyright (c) elip_mm contributors. All rights reserved.
"""Any annotation file, and any settings, give records or an error in words."""

import gc
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elip_mm.datasets import ImageTextPairs, SyntheticScenes
from tests.support.fuzz_values import (
    ANYTHING,
    NUMBERS,
    TEXTS,
    mostly,
    outcome,
    some,
)
from tests.support.fuzzing import examples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(['image', 'caption', 'image_id', 'x']), inner
        )
    ),
    max_leaves=8,
)
IMAGES = st.sampled_from(
    ['0.jpg', '1.jpg', './0.jpg', 'a/b.png', '../0.jpg', '/etc/passwd',
     'http://localhost/0.jpg', 'a\0b', '\ud83d.jpg', '.', '~', 'x' * 5000]
)  # fmt: skip
CAPTIONS = TEXTS | st.lists(TEXTS, max_size=3)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {'image': st.one_of(st.sampled_from(['0.jpg', '1.jpg']), IMAGES)},
        optional={
            'caption': st.one_of(st.just('a'), CAPTIONS, CAPTIONS, JSON),
            'image_id': st.one_of(st.integers(0, 3), JSON),
        },
    ),
    max_size=4,
)


@pytest.fixture(scope='module', autouse=True)
def _no_full_collection():
    """Spare the collection that mmengine asks for with every data set."""
    collect, gc.collect = gc.collect, lambda *args: 0
    yield
    gc.collect = collect


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where annotations are written."""
    path = tmp_path_factory.mktemp('pairs')
    (path / 'images').mkdir()
    return path


def check_read(folder, content, **kwargs):
    """Read a file; records have to be as the data set promises."""
    (folder / 'a.json').write_bytes(content)
    arguments = dict(
        ann_file='a.json', data_root=str(folder), data_prefix='images'
    )
    data = outcome(
        lambda: ImageTextPairs(**{**arguments, **kwargs}), 'ImageTextPairs'
    )
    if data is None:
        return
    root = str(folder / 'images')
    for index in range(len(data)):
        record = data.get_data_info(index)
        texts = record['text']
        texts = texts if isinstance(texts, list) else [texts]
        assert texts or data.test_mode
        assert all(text.strip() and text.encode() for text in texts)
        assert record['img_path'].startswith(root)
    assert data.get_data_info(0)['image_id'] == 0


@examples(10, 500)
@given(st.binary(max_size=60) | st.text().map(str.encode))
def test_any_bytes(folder, content):
    check_read(folder, content)


@examples(10, 500)
@given(JSON, st.booleans())
def test_any_json(folder, value, gallery):
    check_read(folder, json.dumps(value).encode(), test_mode=gallery)


@examples(20, 1000)
@given(RECORDS, st.booleans(), st.booleans())
def test_any_records(folder, records, gallery, mark):
    content = json.dumps(records).encode()
    check_read(folder, b'\xef\xbb\xbf' * mark + content, test_mode=gallery)


@examples(10, 500)
@given(
    st.fixed_dictionaries(
        {},
        optional=dict(
            ann_file=mostly(st.lists(st.just('a.json'))),
            data_prefix=mostly(st.just(dict(img='images'))),
            test_mode=mostly(st.booleans()),
            allow_remote=ANYTHING,
            max_pixels=ANYTHING,
            indices=ANYTHING,
            seed=ANYTHING,
            pipeline=mostly(st.just([])),
        ),
    )
)
def test_any_arguments(folder, arguments):
    check_read(folder, b'[{"image": "0.jpg", "caption": "a"}]', **arguments)


@examples(10, 400)
@given(
    some(
        level=st.sampled_from(['plain', 'hard']),
        split=st.sampled_from(['train', 'val']),
        num_scenes=st.integers(1, 9),
        image_size=st.one_of(st.just(32), st.tuples(NUMBERS, NUMBERS)),
        captions_per_scene=st.integers(1, 3),
        seed=st.integers(),
        indices=st.one_of(st.integers(-3, 3), st.lists(st.integers(-3, 3))),
        max_refetch=st.integers(0, 9),
        max_pixels=NUMBERS,
        pipeline=st.just(()),
    ),
    ANYTHING,
)
def test_scenes(arguments, indices):
    name = 'SyntheticScenes'
    # Scenes are made, which may be as many as memory holds.
    if not isinstance(arguments.get('num_scenes', 1), int):
        arguments.pop('num_scenes')
    arguments['num_scenes'] = min(arguments.get('num_scenes', 3), 9)
    data = outcome(lambda: SyntheticScenes(**arguments), name)
    if data is not None:
        assert len(data) >= 1
        part = outcome(lambda: data.get_subset(indices), name)
        assert part is None or len(part) >= 1
