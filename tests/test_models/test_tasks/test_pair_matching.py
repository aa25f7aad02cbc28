# Copyright (c) elip_mm contributors. All rights reserved.
"""Matching in mixed precision."""

import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample

from tests.test_models.test_pretrainers.test_meter import TEXTS, inputs, meter


def test_pairs_are_judged_in_float32():
    """Two logits of bfloat16 are equal now and then."""
    model = meter().eval()
    images, _ = inputs(model)
    samples = [DataSample() for _ in images]
    for sample, text in zip(samples, TEXTS * 2):
        sample.set_field(text, 'text')
    with torch.autocast('cpu', dtype=torch.bfloat16), torch.no_grad():
        found = model.extract(images, samples)
        head = model.heads['itm'].fc
    logits = F.linear(found['joint_feat'].float(), head.weight, head.bias)
    assert found['match_logits'].dtype == torch.float32
    assert torch.equal(found['match_logits'], logits)
