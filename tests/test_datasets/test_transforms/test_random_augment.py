# Copyright (c) elip_mm contributors. All rights reserved.
import random

import numpy as np
import pytest

from elip_mm.datasets.transforms.random_augment import OPS, RandomAugment
from elip_mm.registry import DATASETS

IMAGE = np.random.RandomState(0).randint(0, 256, (40, 50, 3), dtype=np.uint8)


def apply(name, level, image=IMAGE):
    transform = RandomAugment(num_ops=1, level=level, prob=1.0, ops=[name])
    return transform(dict(img=image.copy()))['img']


def test_there_are_ten_changes():
    assert len(OPS) == 10


@pytest.mark.parametrize('name', sorted(OPS))
def test_shape_and_kind_stay(name):
    changed = apply(name, 7)
    assert changed.shape == IMAGE.shape and changed.dtype == np.uint8
    assert changed.flags.writeable
    # This image has all 256 values, so autocontrast finds nothing to do.
    same = name in ('Identity', 'AutoContrast')
    assert np.array_equal(changed, IMAGE) == same


@pytest.mark.parametrize('name', ['Brightness', 'Sharpness'])
def test_level_five_does_nothing_to_enhancements(name):
    assert np.array_equal(apply(name, 5), IMAGE)


def test_brightness_has_the_published_factor():
    expected = np.clip(IMAGE * 1.36, 0, 255)
    assert np.abs(apply('Brightness', 7) - expected).max() <= 1


def test_contrast_is_stretched_to_the_full_range():
    narrow = IMAGE // 4 + 50
    stretched = apply('AutoContrast', 0, narrow)
    assert stretched.min() == 0 and stretched.max() >= 254  # rounding


@pytest.mark.parametrize('axis, name', [(1, 'TranslateX'), (0, 'TranslateY')])
def test_shifts_are_by_pixels_and_leave_grey(axis, name):
    seen = set()
    for seed in range(10):
        random.seed(seed)
        moved = np.moveaxis(apply(name, 7), axis, 0)
        source = np.moveaxis(IMAGE, axis, 0)
        if (moved[0] == 128).all():
            seen.add('right')
            assert np.array_equal(moved[7:], source[:-7])
        else:
            seen.add('left')
            assert np.array_equal(moved[:-7], source[7:])
            assert (moved[-7:] == 128).all()
    assert seen == {'left', 'right'}


def test_turns_are_by_three_degrees_a_level():
    half = np.zeros((101, 101, 3), dtype=np.uint8)
    half[:50] = 255
    turned = apply('Rotate', 10, half)
    # 30 degrees: the edge leaves the centre with slope tan(30).
    edge = [np.argmin(turned[10:90, x, 0] > 127) + 10 for x in (40, 60)]
    assert abs(abs(edge[1] - edge[0]) - 20 * np.tan(np.pi / 6)) < 2


def test_half_of_the_draws_do_nothing():
    random.seed(0)
    transform = RandomAugment(num_ops=1, level=7, ops=['Equalize'])
    same = [
        np.array_equal(transform(dict(img=IMAGE))['img'], IMAGE)
        for _ in range(400)
    ]
    assert 0.42 < np.mean(same) < 0.58


def test_the_input_is_not_changed():
    image = IMAGE.copy()
    RandomAugment(num_ops=5, prob=1.0)(dict(img=image))
    assert np.array_equal(image, IMAGE)


def test_a_sample_of_a_data_set_is_always_changed_alike():
    cfg = dict(
        type='elip_mm.SyntheticScenes',
        num_scenes=3,
        pipeline=[dict(type='elip_mm.RandomAugment', num_ops=3, prob=1.0)],
    )
    first, second = DATASETS.build(cfg), DATASETS.build(cfg)
    second[2]
    assert np.array_equal(first[1]['img'], second[1]['img'])


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="unknown ops \\['Solarize'\\]"):
        RandomAugment(ops=['Solarize'])
    with pytest.raises(ValueError, match='level must be a number in'):
        RandomAugment(level=11)
