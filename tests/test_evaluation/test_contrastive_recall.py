# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch
from mmpretrain.structures import DataSample

from elip_mm.evaluation import ContrastiveRecall, RetrievalRecall


def sample(matching, contrast, target):
    found = DataSample().set_pred_score(matching).set_gt_label(target)
    found.set_field(contrast, 'contrastive_score')
    return found.to_dict()


def test_both_stages_are_measured_side_by_side():
    matching, contrast = torch.eye(6), torch.eye(6).flip(0)
    samples = [
        sample(m, c, [i]) for i, (m, c) in enumerate(zip(matching, contrast))
    ]
    values = {}
    for metric in (RetrievalRecall(topk=1), ContrastiveRecall(topk=1)):
        metric.process(None, samples)
        values.update(metric.evaluate(6))
    assert values == {'retrieval/Recall@1': 100.0, 'contrastive/Recall@1': 0.0}


def test_models_without_matching_are_told():
    plain = DataSample().set_pred_score(torch.eye(2)[0]).set_gt_label([0])
    with pytest.raises(ValueError, match='Remove it from the evaluator'):
        ContrastiveRecall(topk=1).process(None, [plain.to_dict()])
