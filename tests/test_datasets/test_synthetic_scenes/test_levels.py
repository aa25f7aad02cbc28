# Copyright (c) elip_mm contributors. All rights reserved.
"""Published levels stay as they are.

A failure here means that results on a level can no longer be compared with
published ones. Do not renew the pins: give what is new a level of its own.
"""

import dataclasses
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from elip_mm.datasets.synthetic_scenes import (
    LEVELS,
    compose_scene,
    get_level,
    write_caption,
)
from elip_mm.datasets.synthetic_scenes.drawing import draw_scene

PINS = Path(__file__).with_name('level_pins.json')


def digest_of(level):
    """Hash scenes and captions, exactly."""
    lines = []
    for split in ('train', 'val', 'test'):
        for number in range(20):
            scene = compose_scene(level, split, 0, number % 3, number)
            rng = scene.stream('captions')
            captions = [write_caption(rng, scene) for _ in range(3)]
            objects = [tuple(obj) for obj in scene.objects]
            lines.append(json.dumps([scene.key, objects, scene.label]))
            lines += [f'{c.text} {c.mentioned}' for c in captions]
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()


def picture_of(level):
    """Shrink a few pictures; OpenCV may round differently some day."""
    thumbs = []
    for number in range(4):
        scene = compose_scene(level, 'test', 0, 0, number)
        image, _ = draw_scene(scene, (64, 64))
        thumbs.append(cv2.resize(image, (4, 4), interpolation=cv2.INTER_AREA))
    return np.stack(thumbs).reshape(4, -1).tolist()


@pytest.mark.parametrize('name', LEVELS)
def test_level_is_frozen(name):
    pins = json.loads(PINS.read_text())[name]
    level = get_level(name)
    assert digest_of(level) == pins['scenes_and_captions']
    difference = np.subtract(picture_of(level), pins['pictures'])
    assert np.abs(difference).max() <= 2


def test_level_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_level('easy').gap = 0.1


@pytest.mark.parametrize('name', LEVELS)
def test_scenes_are_as_the_level_says(name):
    level = get_level(name)
    counts, overlaps = set(), 0
    for number in range(300):
        objects = compose_scene(level, 'val', 0, 0, number).objects
        counts.add(len(objects))
        assert len({(o.shape, o.colour) for o in objects}) == len(objects)
        assert [o.size == 2 for o in objects] == [True] + [False] * (
            len(objects) - 1
        )
        for i, a in enumerate(objects):
            for b in objects[:i]:
                distance = np.hypot(a.x - b.x, a.y - b.y)
                overlaps += distance < a.radius + b.radius
    low, high = level.num_objects
    assert counts == set(range(low, high + 1))
    # There is occlusion, unless the level avoids it where there is room.
    assert overlaps > 10 or level.gap >= 1
