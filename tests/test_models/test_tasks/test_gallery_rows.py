# Copyright (c) elip_mm contributors. All rights reserved.
"""Retrieval counts the same in any number of processes.

Acceptance: retrieval.
"""

import json
import os

import pytest
import torch
from mmengine.dataset import DefaultSampler
from mmpretrain.datasets import SequentialSampler
from mmpretrain.structures import DataSample

from elip_mm.evaluation import RetrievalRecall
from elip_mm.models.tasks import DualEncoderRetrieval
from elip_mm.models.tasks.gallery_rows import find_gallery_rows
from tests.support.processes import one_at_a_time, run_ranks

# Captions of each image: as COCO has them, one each, and more processes than
# the last ones can be shared among.
GALLERIES = dict(coco=[5] * 12 + [6], single=[1] * 5, mixed=[3, 1, 2])
SAMPLERS = dict(
    sequential=lambda data: SequentialSampler(
        dataset=data, subsample_type='sequential'
    ),
    interleaved=lambda data: DefaultSampler(data, shuffle=False),
    not_rounded=lambda data: DefaultSampler(
        data, shuffle=False, round_up=False
    ),
    shuffled=lambda data: DefaultSampler(data, shuffle=True, seed=3),
)


def gallery(captions):
    """Samples, and features in which some captions are near their image."""
    draw = torch.Generator().manual_seed(1)
    image = torch.randn(len(captions), 8, generator=draw)
    owner = torch.arange(len(captions)).repeat_interleave(
        torch.tensor(captions)
    )
    text = 0.7 * image[owner] + torch.randn(len(owner), 8, generator=draw)
    samples = []
    for place in range(len(captions)):
        columns = (owner == place).nonzero().flatten().tolist()
        sample = DataSample(metainfo=dict(image_id=place))
        sample.set_field(columns, 'gt_text_id')
        sample.set_field([[place]] * len(columns), 'gt_image_id')
        samples.append(sample)
    return samples, image, text


def recall(captions, sampler):
    """Recall in both directions, as the loops find it."""
    samples, image, text = gallery(captions)
    mine = [samples[index] for index in sampler(samples)]
    columns = [column for sample in mine for column in sample.gt_text_id]
    feats = dict(
        image_feat=image[[sample.image_id for sample in mine]],
        text_feat=text[columns],
    )
    queries = DualEncoderRetrieval().predict_all(
        None, feats, mine, len(image), len(text)
    )
    return [
        values(way, size)
        for way, size in zip(queries, (len(image), len(text)))
    ]


def values(queries, size):
    """Recall of one direction; None on all processes but the first."""
    metric = RetrievalRecall(topk=(1, 2, 4))
    metric.process(None, [query.to_dict() for query in queries])
    return metric.evaluate(size)


def every_recall():
    return {
        f'{data} {name}': recall(captions, sampler)
        for data, captions in GALLERIES.items()
        for name, sampler in SAMPLERS.items()
    }


def work(rank, folder):
    os.chdir(folder)
    (folder / f'{rank}.json').write_text(json.dumps(every_recall()))


@one_at_a_time
@pytest.mark.parametrize('count', [2, 4])
def test_any_number_of_processes_counts_the_same(count, tmp_path):
    run_ranks(work, tmp_path, tmp_path, count=count)
    assert json.loads((tmp_path / '0.json').read_text()) == every_recall()


def test_columns_follow_the_gallery_and_not_the_sampler():
    samples, image, text = gallery([2, 1, 3])
    mine = [samples[2], samples[0], samples[1], samples[2]]
    images, texts = find_gallery_rows(mine, 3, 6)
    assert images.own.tolist() == [1, 2, 0]
    assert texts.own.tolist() == [3, 4, 5, 0, 1, 2]
    assert texts.places.tolist() == [0, 1, 2, 3, 4, 5]
    assert torch.equal(images.gather(image[[2, 0, 1, 2]]), image)
    columns = [column for sample in mine for column in sample.gt_text_id]
    assert torch.equal(texts.gather(text[columns]), text)


def test_what_is_missing_or_too_much_is_named():
    samples, image, _ = gallery([2, 1, 3])
    with pytest.raises(ValueError, match='3 images got 2 of them'):
        find_gallery_rows(samples[:2], 3, 6)
    with pytest.raises(ValueError, match='7 captions got 6 of them'):
        find_gallery_rows(samples, 3, 7)
    with pytest.raises(ValueError, match='2 rows of features.* have 3'):
        find_gallery_rows(samples)[0].gather(image[:2])
