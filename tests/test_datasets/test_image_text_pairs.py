# Copyright (c) elip_mm contributors. All rights reserved.
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from mmpretrain.models import MultiModalDataPreprocessor
from torch.utils.data import DataLoader

from elip_mm.datasets import ImageTextPairs, KeyedIndex

PAIRS = Path(__file__).parents[1] / 'data' / 'pairs'
TRAIN = [
    dict(type='mmpretrain.LoadImageFromFile'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=32,
        crop_ratio_range=(0.5, 1.0),
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text'],
        meta_keys=['image_id', 'img_path'],
    ),
]
TEST = [
    dict(type='mmpretrain.LoadImageFromFile'),
    dict(type='mmpretrain.Resize', scale=(32, 32)),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'gt_text_id', 'gt_image_id'],
        meta_keys=['image_id'],
    ),
]


def pairs(root=PAIRS, ann_file='pairs.json', pipeline=TRAIN, **kwargs):
    return ImageTextPairs(
        ann_file=ann_file,
        data_root=str(root),
        data_prefix=dict(img='images'),
        pipeline=pipeline,
        **kwargs,
    )


@pytest.fixture
def root(tmp_path):
    """A copy of the pairs whose files a test may spoil."""
    shutil.copytree(PAIRS, tmp_path / 'pairs')
    return tmp_path / 'pairs'


def write(root, records, name='pairs.json'):
    text = records if isinstance(records, str) else json.dumps(records)
    (root / name).write_text(text)


def flat(batch):
    return [(s.text, s.image_id) for s in batch['data_samples']]


# ---- use ----------------------------------------------------------------


def test_batch_passes_the_preprocessor():
    loader = DataLoader(pairs(), batch_size=4, collate_fn=default_collate)
    batch = next(iter(loader))
    assert batch['inputs'].shape == (4, 3, 32, 32)
    assert batch['inputs'].dtype == torch.uint8
    out = MultiModalDataPreprocessor([127.0] * 3, [64.0] * 3, to_rgb=True)(
        batch
    )
    assert out['images'].dtype == torch.float32
    assert [s.image_id for s in out['data_samples']] == [0, 1, 2, 3]
    assert all(isinstance(s.text, str) for s in out['data_samples'])


def test_one_of_several_captions_is_drawn_by_key():
    data = pairs()
    drawn = [
        data[KeyedIndex(1, epoch)]['data_samples'].text for epoch in range(20)
    ]
    both = json.loads((PAIRS / 'pairs.json').read_text())[1]['caption']
    assert set(drawn) == set(both)
    again = [
        data[KeyedIndex(1, epoch)]['data_samples'].text for epoch in range(20)
    ]
    assert drawn == again


@pytest.mark.parametrize('num_workers', [0, 1, 2])
def test_samples_do_not_depend_on_workers(num_workers):
    data = pairs(seed=5)
    order = [KeyedIndex(i, epoch) for epoch in (0, 1) for i in (3, 0, 2, 1)]
    expected = default_collate([data[i] for i in order])
    torch.manual_seed(num_workers)
    loader = DataLoader(
        data,
        batch_size=2,
        sampler=order,
        num_workers=num_workers,
        collate_fn=default_collate,
    )
    got = list(loader)
    assert torch.equal(
        torch.cat([batch['inputs'] for batch in got]), expected['inputs']
    )
    assert sum(map(flat, got), []) == flat(expected)


def test_epoch_and_seed_change_the_crop():
    first, second = pairs()[KeyedIndex(0, 0)], pairs()[KeyedIndex(0, 1)]
    other = pairs(seed=1)[KeyedIndex(0, 0)]
    assert not torch.equal(first['inputs'], second['inputs'])
    assert not torch.equal(first['inputs'], other['inputs'])


def test_several_files_and_absolute_paths(root):
    path = str(root / 'images' / '2.jpg')
    write(root, [dict(image=path, caption='x')], 'more.json')
    data = pairs(root, ['pairs.json', 'more.json'])
    assert len(data) == 5
    # The same image in two files has the same number.
    assert data.get_data_info(4)['image_id'] == 2
    assert data[4]['data_samples'].img_path == path


@pytest.mark.parametrize('lazy_init', [False, True])
@pytest.mark.parametrize('serialize_data', [False, True])
def test_base_arguments(lazy_init, serialize_data):
    data = pairs(
        lazy_init=lazy_init, serialize_data=serialize_data, indices=[3, 1]
    )
    assert len(data) == 2
    assert [data[i]['data_samples'].image_id for i in (0, 1)] == [3, 1]
    assert data[-1]['data_samples'].image_id == 1
    assert len(list(data)) == 2


# ---- galleries ----------------------------------------------------------


def test_gallery_joins_images_and_counts_equal_texts():
    data = pairs(ann_file='gallery.json', pipeline=TEST, test_mode=True)
    assert (data.img_size, data.text_size) == (2, 4)
    first, second = (data[i]['data_samples'] for i in (0, 1))
    assert first.text == ['Two Hearts  and a Ring', 'something else']
    assert (first.image_id, second.image_id) == (0, 1)
    # Text 0 and text 2 are equal, so each image is hit by both.
    assert first.gt_text_id == [0, 1, 2]
    assert second.gt_text_id == [0, 2, 3]
    assert first.gt_image_id == [[0, 1], [0]]
    assert second.gt_image_id == [[0, 1], [1]]


@pytest.mark.parametrize('indices', [1, -1, [1], [1, 0]])
@pytest.mark.parametrize('serialize_data', [False, True])
def test_gallery_sizes_follow_indices(indices, serialize_data):
    def build(**kwargs):
        return pairs(
            ann_file='gallery.json',
            pipeline=TEST,
            test_mode=True,
            serialize_data=serialize_data,
            **kwargs,
        )

    full = build()
    at_once, subset = build(indices=indices), full.get_subset(indices)
    in_place = build()
    in_place.get_subset_(indices)
    count = abs(indices) if isinstance(indices, int) else len(indices)
    for data in (at_once, subset, in_place):
        assert data.img_size == len(data) == count
        assert data.text_size == 2 * count
        samples = [data[i]['data_samples'] for i in range(count)]
        assert [s.image_id for s in samples] == list(range(count))
        columns = {c for s in samples for c in s.gt_text_id}
        assert columns == set(range(2 * count))
    assert full.img_size == 2


def test_gallery_size_of_a_training_set_is_an_error():
    with pytest.raises(ValueError, match='test_mode=True'):
        len(range(pairs().img_size))


# ---- bad images ---------------------------------------------------------


@pytest.fixture
def messages(monkeypatch):
    said = []
    monkeypatch.setattr(
        'elip_mm.datasets.base.print_log',
        lambda text, **kwargs: said.append(text),
    )
    return said


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('spoil', ['missing', 'empty', 'garbage'])
def test_bad_image_is_replaced_reported_and_counted(
    root, messages, spoil, backend
):
    bad = root / 'images' / '2.jpg'
    bad.unlink()
    if spoil != 'missing':
        bad.write_bytes(b'' if spoil == 'empty' else b'no image' * 50)
    load = dict(type='mmpretrain.LoadImageFromFile', imdecode_backend=backend)
    data = pairs(root, pipeline=[load] + TRAIN[1:])
    samples = [
        data[KeyedIndex(2, epoch)]['data_samples'] for epoch in range(8)
    ]
    assert 2 not in [s.image_id for s in samples]
    assert len({s.image_id for s in samples}) > 1
    again = [
        data[KeyedIndex(2, epoch)]['data_samples'].image_id
        for epoch in range(8)
    ]
    assert again == [s.image_id for s in samples]
    assert data.num_bad == 1
    assert len(messages) == 1 and str(bad) in messages[0]


def test_bad_images_are_counted_over_workers(root):
    (root / 'images' / '0.jpg').write_bytes(b'x')
    (root / 'images' / '1.jpg').write_bytes(b'x')
    data = pairs(root)
    loader = DataLoader(
        data, batch_size=1, num_workers=2, collate_fn=default_collate
    )
    assert len(list(loader)) + len(list(loader)) == 8
    assert data.num_bad == 2


def test_bad_file_of_several_records_is_reported_once(root, messages):
    write(root, [dict(image=f'{i // 3}.jpg', caption='a') for i in range(6)])
    (root / 'images' / '0.jpg').write_bytes(b'x')
    data = pairs(root)
    paths = {data[i]['data_samples'].img_path for i in range(6)}
    assert len(paths) == len(messages) == data.num_bad == 1


def test_nothing_but_bad_images_ends_the_run(root, messages):
    shutil.rmtree(root / 'images')
    (root / 'images').mkdir()
    data = pairs(root, max_refetch=20)
    with pytest.raises(RuntimeError, match='21 samples in a row.*images'):
        data[0]


def test_bad_image_in_a_gallery_becomes_grey(root, messages):
    (root / 'images' / '1.jpg').write_bytes(b'x')
    data = pairs(root, pipeline=TEST, test_mode=True)
    item = data[1]
    assert item['data_samples'].image_id == 1
    assert item['inputs'].unique().tolist() == [128]
    assert data.num_bad == 1 and '1.jpg' in messages[0]


def test_faults_of_transforms_are_not_taken_for_bad_images():
    def broken(results):
        raise KeyError('a bug')

    with pytest.raises(KeyError, match='a bug'):
        pairs(pipeline=[TRAIN[0], broken])[0]


# ---- errors at build ----------------------------------------------------


def test_missing_files_are_named(root):
    with pytest.raises(FileNotFoundError, match='nowhere.json'):
        pairs(root, 'nowhere.json')
    shutil.rmtree(root / 'images')
    with pytest.raises(FileNotFoundError, match='image root .*images'):
        pairs(root)


@pytest.mark.parametrize(
    'records, message',
    [
        ([], 'length zero'),
        ('[{"image": ', 'not valid json'),
        ({'image': 'a', 'caption': 'b'}, 'must hold a list'),
        (
            [dict(image='0.jpg', caption='a'), dict(caption='b')],
            'record 1 of .*pairs.json\' needs a path "image"',
        ),
        ([dict(image='0.jpg')], 'record 0 .*needs a "caption"'),
        ([dict(image='0.jpg', caption=[])], 'record 0 .*needs a "caption"'),
        ([dict(image='0.jpg', caption=['a', 3])], 'needs a "caption"'),
        ([dict(image='0.jpg', caption=' ')], 'needs a "caption"'),
        (['0.jpg'], 'needs a path "image"'),
        ([dict(image='0.jpg', caption='a', image_id=[1])], '"image_id"'),
    ],
)
def test_malformed_annotations(root, records, message):
    write(root, records)
    with pytest.raises(ValueError, match=message):
        pairs(root)


def test_empty_selection():
    with pytest.raises(ValueError, match='indices=0'):
        pairs(indices=0)
    with pytest.raises(ValueError, match='`data_prefix`'):
        ImageTextPairs(ann_file='a.json', data_prefix=dict(img_path='x'))
    with pytest.raises(ValueError, match='`ann_file`'):
        ImageTextPairs(ann_file=[])


def test_indices_may_be_all_but_not_more():
    for count in (4, -4, np.int64(4), [0, 1, 2, 3]):
        assert len(pairs(indices=count)) == 4
        assert len(pairs().get_subset(count)) == 4
    for count in (5, -5, [0, 4]):
        with pytest.raises(ValueError, match='there are 4 records in'):
            pairs(indices=count)
    with pytest.raises(ValueError, match='indices must be a list'):
        pairs(indices='1')


def test_index_out_of_range():
    with pytest.raises(IndexError):
        pairs()[4]


def test_images_are_read_as_numpy():
    item = pairs(pipeline=TRAIN[:1])[0]
    assert isinstance(item['img'], np.ndarray)
    assert item['img'].shape == (36, 48, 3)
