# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch
from mmengine.registry import FUNCTIONS
from mmpretrain.structures import DataSample

from elip_mm.datasets import stack_pairs


def item(height, **meta):
    sample = DataSample(metainfo=meta)
    return dict(inputs=torch.zeros(3, height, 8), data_samples=sample)


def test_images_of_one_size_are_stacked():
    batch = stack_pairs([item(8), item(8)])
    assert batch['inputs'].shape == (2, 3, 8, 8)
    assert len(batch['data_samples']) == 2
    # As a dataloader of a config looks it up.
    assert FUNCTIONS.get('elip_mm.stack_pairs') is stack_pairs


def test_images_of_two_sizes_are_named_with_the_mend():
    message = (
        r"'a.jpg' has the shape \(3, 8, 8\) and img_path 'c.jpg' has "
        r'\(3, 9, 8\).*Resize.*before PackInputs'
    )
    with pytest.raises(ValueError, match=message):
        stack_pairs(
            [
                item(8, img_path='a.jpg'),
                item(8, img_path='b.jpg'),
                item(9, img_path='c.jpg'),
            ]
        )
    with pytest.raises(ValueError, match='image 0 of .* image_id 4 has'):
        stack_pairs([item(8), item(9, image_id=4)])


def test_items_of_another_form_are_left_to_mmengine():
    assert stack_pairs([dict(a=1), dict(a=2)])['a'].tolist() == [1, 2]
    assert stack_pairs([1, 2]).tolist() == [1, 2]
