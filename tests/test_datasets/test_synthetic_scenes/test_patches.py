# Copyright (c) elip_mm contributors. All rights reserved.
"""Which object a patch shows."""

import numpy as np

from elip_mm.datasets.synthetic_scenes import patch_owners


def test_a_patch_shows_the_object_that_covers_most_of_it():
    # A grid of 2 x 2 patches of 8 pixels.
    boxes = [
        [0, 0, 8, 8],  # all of the first patch
        [4, 4, 16, 16],  # a quarter of the first, half of two, all of the last
        [8, 0, 12, 4],  # a quarter of the second, where another has half
    ]
    owner = patch_owners(boxes, (16, 16), (2, 2))
    assert owner.tolist() == [0, 1, 1, 1]


def test_of_two_objects_that_cover_a_patch_alike_the_upper_one_counts():
    both = [[0, 0, 8, 8], [0, 0, 8, 8]]
    assert patch_owners(both, (8, 8), (1, 1)).tolist() == [1]


def test_what_hardly_shows_is_ground():
    assert patch_owners([[0, 0, 3, 3]], (8, 8), (1, 1)).tolist() == [-1]
    assert patch_owners([[0, 0, 4, 4]], (8, 8), (1, 1)).tolist() == [0]
    assert patch_owners(np.empty((0, 4)), (8, 8), (1, 2)).tolist() == [-1, -1]
