# Copyright (c) elip_mm contributors. All rights reserved.
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from torch.utils.data import DataLoader

from elip_mm.datasets import (
    KeyedIndex,
    KeyedSampler,
    SyntheticScenes,
    mentioned_patches,
)
from elip_mm.datasets.synthetic_scenes import LEVELS
from elip_mm.datasets.synthetic_scenes.shapes import outline

PACK = [
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=[
            'text',
            'boxes',
            'mentioned',
            'gt_text_id',
            'gt_image_id',
        ],
        meta_keys=['image_id', 'img_shape'],
    )
]


def flatten(batches):
    images = torch.cat([batch['inputs'] for batch in batches])
    samples = sum([batch['data_samples'] for batch in batches], [])
    return images, [
        (
            s.text,
            s.image_id,
            s.gt_label.item(),
            s.boxes.tolist(),
            s.mentioned.tolist(),
        )
        for s in samples
    ]


@pytest.mark.parametrize('num_workers', [0, 1, 2])
def test_samples_do_not_depend_on_workers(num_workers):
    data = SyntheticScenes(num_scenes=24, pipeline=PACK)
    order = [
        KeyedIndex(i, epoch)
        for epoch in (0, 1)
        for i in torch.randperm(24).tolist()
    ]
    expected = flatten([default_collate([data[i] for i in order])])
    loader = DataLoader(
        data,
        batch_size=8,
        sampler=order,
        num_workers=num_workers,
        collate_fn=default_collate,
    )
    images, rest = flatten(list(loader))
    assert torch.equal(images, expected[0]) and rest == expected[1]


def test_every_epoch_brings_fresh_scenes():
    data = SyntheticScenes(num_scenes=16)
    sampler = KeyedSampler(data, shuffle=False, seed=0)
    epochs = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        epochs.append([data[i] for i in sampler])
    images = {item['img'].tobytes() for epoch in epochs for item in epoch}
    assert len(images) == 48
    fixed = SyntheticScenes(num_scenes=16, split='val')
    assert (
        fixed[KeyedIndex(3, 0)]['img'] == fixed[KeyedIndex(3, 9)]['img']
    ).all()


@pytest.mark.parametrize('level', LEVELS)
def test_splits_never_share_a_scene(level):
    seen = set()
    for split in ('train', 'val', 'test'):
        data = SyntheticScenes(level=level, split=split, lazy_init=True)
        for epoch in range(3 if split == 'train' else 1):
            for number in range(700):
                seen.add(data.scene(number, epoch).objects)
    assert len(seen) == 5 * 700
    other = SyntheticScenes(level=level, seed=1, lazy_init=True)
    assert other.scene(0).objects not in seen


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('image_size', [16, 64, (48, 96), (120, 56), 224])
def test_boxes_are_tight_and_inside(level, image_size):
    data = SyntheticScenes(level=level, num_scenes=12, image_size=image_size)
    height, width = data.image_size
    for number in range(len(data)):
        item = data[number]
        assert item['img'].shape == (height, width, 3)
        assert item['img'].dtype == np.uint8
        assert item['img_shape'] == item['ori_shape'] == (height, width)
        boxes = item['boxes']
        assert boxes.dtype == np.float32
        assert (boxes >= 0).all()
        assert (boxes <= [width, height, width, height]).all()
        assert (boxes[:, 2:] - boxes[:, :2] > 1).all()
        for obj, box in zip(data.scene(number).objects, boxes):
            points = outline(obj, (height, width))[0]
            inside = points.clip(0, [width, height])
            assert np.allclose(
                box, [*inside.min(0), *inside.max(0)], atol=1e-3
            )


def test_objects_are_where_their_boxes_say():
    """The middle of a topmost plain disc has its colour, in BGR order."""
    data = SyntheticScenes(num_scenes=200, image_size=96)
    seen = 0
    for number in range(200):
        item, last = data[number], data.scene(number).objects[-1]
        if last.shape == 0 and last.colour in (0, 2):  # a red or blue circle
            left, top, right, bottom = item['boxes'][-1]
            middle = item['img'][
                int(top + bottom) // 2, int(left + right) // 2
            ]
            strongest = 2 if last.colour == 0 else 0
            seen += middle.argmax() == strongest
    assert seen >= 2


def test_label_is_the_shape_of_the_largest_object():
    data = SyntheticScenes(num_scenes=60)
    labels = set()
    for number in range(60):
        item = data[number]
        sides = item['boxes'][:, 2:] - item['boxes'][:, :2]
        assert sides.max(1).argmax() == 0
        name = data.metainfo['classes'][item['gt_label']]
        shape = data.level.shapes[data.scene(number).objects[0].shape]
        assert name == f'large {shape}'
        labels.add(item['gt_label'])
    assert len(labels) == len(data.level.shapes) == 8


@pytest.mark.parametrize('test_mode', [False, True])
def test_items_survive_packing_and_collating(test_mode):
    data = SyntheticScenes(
        split='val',
        num_scenes=6,
        image_size=(32, 48),
        pipeline=PACK,
        test_mode=test_mode,
    )
    batch = default_collate([data[i] for i in range(6)])
    assert batch['inputs'].shape == (6, 3, 32, 48)
    for number, sample in enumerate(batch['data_samples']):
        assert sample.image_id == number
        assert sample.img_shape == (32, 48)
        assert sample.gt_label.shape == (1,)
        assert sample.boxes.shape[0] == sample.mentioned.shape[-1]
        assert isinstance(sample.text, list if test_mode else str)
        assert ('gt_text_id' in sample) == test_mode


@pytest.mark.parametrize('serialize_data', [False, True])
def test_gallery_follows_indices(serialize_data):
    def build(**kwargs):
        return SyntheticScenes(
            split='test',
            num_scenes=20,
            test_mode=True,
            serialize_data=serialize_data,
            **kwargs,
        )

    full, part = build(), build(indices=[4, 2, 11], lazy_init=True)
    assert (part.img_size, part.text_size, len(part)) == (3, 15, 3)
    for number, original in enumerate([4, 2, 11]):
        item, same = part[number], full[original]
        assert item['text'] == same['text']
        assert (item['img'] == same['img']).all()
        assert item['image_id'] == number
        assert (
            set(range(5 * number, 5 * number + 5))
            <= set(item['gt_text_id'])
            <= set(range(15))
        )
    assert full.get_subset(7).text_size == 35


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(level='simple'), 'level must be one of .*easy'),
        (dict(split='dev'), 'split must be one of .*val'),
        (dict(num_scenes=0), 'num_scenes must'),
        (dict(captions_per_scene=-1), 'captions_per_scene must'),
        (dict(image_size=(64, 64, 3)), '`image_size`'),
        (dict(image_size=8), '`image_size`'),
        (dict(indices=[]), 'length zero'),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        SyntheticScenes(**wrong)


def test_mentioned_patches():
    boxes = np.array([[0, 0, 8, 8], [9, 3, 20, 10], [30, 20, 32, 24]])
    marks = mentioned_patches(boxes, [True, True, False], (24, 32), (3, 4))
    expected = [[1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert marks.reshape(3, 4).astype(int).tolist() == expected
    several = mentioned_patches(boxes, np.eye(3, dtype=bool), (24, 32), (3, 4))
    assert several.shape == (3, 12)
    assert several[0].nonzero()[0].tolist() == [0]
    assert several[2].nonzero()[0].tolist() == [11]
    with pytest.raises(ValueError, match='one flag per box'):
        mentioned_patches(boxes, [True], (24, 32), (3, 4))


def test_contact_sheet_is_written(tmp_path):
    tool = Path(__file__).parents[3] / 'tools' / 'dataset_converters'
    write_sheet = runpy.run_path(str(tool / 'browse_scenes.py'))['write_sheet']
    out = tmp_path / 'new' / 'sheet.png'
    write_sheet(['easy', 'hard'], 'val', 32, 1, 0, out)
    assert cv2.imread(str(out)).std() > 10
