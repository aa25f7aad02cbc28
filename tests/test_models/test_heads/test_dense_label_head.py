# Copyright (c) elip_mm contributors. All rights reserved.
"""Patches are named one by one."""

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample

from elip_mm.models.heads import DenseLabelHead

from ...support.tiny import seeded


@pytest.fixture
def head():
    with seeded():
        return DenseLabelHead(8, dict(shape=5, colour=3))


def make_samples(labels):
    samples = [DataSample() for _ in labels]
    for sample, label in zip(samples, labels):
        sample.set_field(label.numpy(), 'patch_labels')
    return samples


def test_loss_is_the_cross_entropy_of_each_kind_over_all_patches(head):
    with seeded(1):
        maps = torch.randn(2, 8, 2, 3)
        labels = torch.randint(3, (2, 2, 6))
    losses = head.loss((torch.zeros(1), maps), make_samples(labels))
    patches = maps.flatten(2).transpose(1, 2)
    for row, name in enumerate(('shape', 'colour')):
        expected = F.cross_entropy(
            head.layers[name](patches).reshape(12, -1),
            labels[:, row].reshape(12),
        )
        torch.testing.assert_close(losses[f'loss_{name}'], expected)


def test_prediction_is_the_best_class_of_each_patch(head):
    with seeded(2):
        maps = torch.randn(1, 8, 2, 2)
    (sample,) = head.predict((maps,), [DataSample()])
    shape, colour = sample.pred_patch_labels
    logits = head((maps,))
    assert torch.equal(shape, logits['shape'][0].argmax(-1))
    assert torch.equal(colour, logits['colour'][0].argmax(-1))
