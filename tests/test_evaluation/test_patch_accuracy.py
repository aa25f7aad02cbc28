# Copyright (c) elip_mm contributors. All rights reserved.
"""Objects and ground are counted apart."""

import numpy as np
import pytest
import torch

from elip_mm.evaluation import PatchAccuracy


def test_shares_by_hand():
    metric = PatchAccuracy()
    metric.process(
        {},
        [
            dict(
                patch_labels=np.array([[0, 0, 3, 4], [0, 0, 1, 1]]),
                pred_patch_labels=torch.tensor([[0, 2, 3, 3], [0, 0, 1, 1]]),
            ),
            dict(
                patch_labels=np.array([[1, 0, 0, 0], [2, 0, 0, 0]]),
                pred_patch_labels=torch.tensor([[1, 0, 0, 0], [1, 0, 0, 0]]),
            ),
        ],
    )
    found = metric.evaluate(size=2)
    assert found['patch/shape_accuracy'] == pytest.approx(200 / 3)
    assert found['patch/colour_accuracy'] == pytest.approx(200 / 3)
    assert found['patch/ground_accuracy'] == pytest.approx(80)
