# Copyright (c) elip_mm contributors. All rights reserved.
"""Recall at k, from score matrices and through the pre-trainer.

Acceptance: retrieval.
"""

import pytest
import torch
from mmpretrain.structures import DataSample

from elip_mm.evaluation import RetrievalRecall, best_rank
from tests.support.tiny import tiny_clip


def recall(scores, targets, topk=(1, 5, 10)):
    metric = RetrievalRecall(topk=topk)
    for row, target in zip(scores, targets):
        sample = DataSample().set_pred_score(row).set_gt_label(target)
        metric.process(None, [sample.to_dict()])
    return metric.evaluate(len(scores))


def test_identity_is_perfect():
    values = recall(torch.eye(20), [[i] for i in range(20)])
    assert set(values.values()) == {100.0}


def test_best_of_several_right_answers_counts():
    scores = torch.tensor([[0.9, 0.1, 0.5, 0.8]])
    assert recall(scores, [[1, 3]])['retrieval/Recall@1'] == 0
    assert recall(scores, [[1, 3]], topk=2)['retrieval/Recall@2'] == 100


def test_k_may_exceed_the_gallery():
    assert recall(torch.rand(2, 3), [[0], [1]], topk=50) == {
        'retrieval/Recall@50': 100.0
    }


@pytest.mark.parametrize('value', [0.5, float('nan')])
def test_a_collapsed_tower_finds_nothing(value):
    values = recall(torch.full((4, 30), value), [[0], [1], [2], [3]])
    assert values['retrieval/Recall@10'] == 0


def test_images_without_captions_are_candidates_but_no_queries():
    # Two images, of which the second has no caption, and one text.
    to_text = recall(torch.tensor([[0.2], [0.9]]), [[0], []])
    assert to_text['retrieval/Recall@1'] == 100
    to_image = recall(torch.tensor([[0.2, 0.9]]), [[0]])
    assert to_image['retrieval/Recall@1'] == 0
    with pytest.raises(ValueError, match='none of the 2 queries has a right'):
        recall(torch.rand(2, 3), [[], []])


@torch.no_grad()
def test_a_batch_of_images_without_captions_passes_the_model():
    model = tiny_clip().eval()
    samples = []
    for index, text in enumerate((['a', 'b'], [])):
        sample = DataSample(metainfo=dict(image_id=index))
        sample.set_field(text, 'text')
        sample.set_field([0, 1][: len(text)], 'gt_text_id')
        sample.set_field([[0] for _ in text], 'gt_image_id')
        samples.append(sample)
    images = torch.rand(2, 3, 64, 64)
    feats = [
        model.extract(images[i : i + 1], samples[i : i + 1]) for i in (0, 1)
    ]
    joined = {k: torch.cat([f[k] for f in feats]) for k in feats[0]}
    to_text, to_image = model.predict_all(joined, samples, 2, 2)
    assert [len(s.pred_score) for s in to_text + to_image] == [2, 2, 2, 2]
    assert to_text[1].gt_label.tolist() == []


def test_rank_counts_wrong_answers_only():
    scores = torch.tensor([0.3, 0.9, 0.8, 0.7])
    assert best_rank(scores, torch.tensor([1])) == 0
    assert best_rank(scores, torch.tensor([2, 1])) == 0
    assert best_rank(scores, torch.tensor([3])) == 2


def test_pretrainer_scores_both_directions_with_several_captions():
    model = tiny_clip()
    image = torch.eye(3, 32)
    text = image.repeat_interleave(2, dim=0)
    samples = []
    for index in range(3):
        sample = DataSample()
        sample.set_field([2 * index, 2 * index + 1], 'gt_text_id')
        sample.set_field([[index], [index]], 'gt_image_id')
        samples.append(sample)
    i2t, t2i = model.predict_all(
        dict(image_feat=image, text_feat=text), samples, 3, 6
    )
    assert len(i2t) == 3 and len(t2i) == 6
    for queries, size in ((i2t, 6), (t2i, 3)):
        metric = RetrievalRecall(topk=1)
        metric.process(None, [query.to_dict() for query in queries])
        assert queries[0].pred_score.shape == (size,)
        assert metric.evaluate(len(queries)) == {'retrieval/Recall@1': 100.0}


def test_a_query_without_a_right_answer_is_named():
    with pytest.raises(ValueError, match='without a right answer'):
        best_rank(torch.zeros(3), torch.zeros(0, dtype=torch.long))
