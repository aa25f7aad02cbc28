# Copyright (c) elip_mm contributors. All rights reserved.
"""Every patch of a scene says what it shows."""

import numpy as np
import pytest

from elip_mm.datasets import LabelPatches, SyntheticScenes
from elip_mm.datasets.synthetic_scenes.vocabulary import COLOURS, SHAPES


def test_labels_are_words_of_the_object_and_0_for_the_ground():
    sample = dict(
        img_shape=(16, 24),
        boxes=np.array([[0, 0, 8, 8], [16, 8, 24, 16]], dtype=np.float32),
        attributes=np.array([[3, 5, 0, 0, 0, 0], [7, 0, 2, 0, 2, 2]]),
    )
    labels = LabelPatches(patch_size=8).transform(sample)['patch_labels']
    assert labels.dtype == np.int64
    assert labels.tolist() == [[4, 0, 0, 0, 0, 8], [6, 0, 0, 0, 0, 1]]


def test_scenes_bring_what_the_labels_need():
    scenes = SyntheticScenes(
        num_scenes=3, pipeline=[dict(type='elip_mm.LabelPatches')]
    )
    for number in range(3):
        shapes, colours = scenes[number]['patch_labels']
        objects = scenes.scene(number).objects
        assert set(shapes) <= {0, *(obj.shape + 1 for obj in objects)}
        assert set(colours) <= {0, *(obj.colour + 1 for obj in objects)}
        assert shapes.max() <= len(SHAPES) and colours.max() <= len(COLOURS)
        # Ground and objects are the same patches for both.
        assert ((shapes > 0) == (colours > 0)).all() and (shapes > 0).any()


def test_unknown_attributes_are_named():
    with pytest.raises(ValueError, match=r"\['weight'\]"):
        LabelPatches(names=['shape', 'weight'])
