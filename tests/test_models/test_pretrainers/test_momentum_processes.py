# Copyright (c) elip_mm contributors. All rights reserved.
"""Two processes with batch B are one with 2 B; retrieval in any number.

By the method, negatives for matching come from the local batch, and so do
the candidates of the contrast unless ``global_candidates`` is set. So here
the wrong partners are given, within each half, and that switch is on.
"""

import pytest
import torch
import torch.distributed as dist
from mmpretrain.structures import DataSample

from elip_mm.evaluation.retrieval_recall import best_rank
from tests.support.processes import one_at_a_time, run_ranks
from tests.support.tiny_momentum import (
    MASK,
    tiny_pretrainer,
    total,
    toy_pairs,
)

BATCH = 3
pytestmark = one_at_a_time
FAMILIES = ('albef', 'blip')


def neighbours(logits):
    """The next one within each group of three is the wrong partner."""
    own = torch.arange(len(logits))
    return own // BATCH * BATCH + (own + 1) % BATCH


def hide(ids):
    """Another number of words in every row, the same in any process."""
    labels, masked = torch.full_like(ids, -100), ids.clone()
    for row, text in enumerate(ids):
        for place in range(1, 2 + int(text[1]) % 4):
            labels[row, place], masked[row, place] = text[place], MASK
    return masked, labels


def build(family):
    model = tiny_pretrainer(family, global_candidates=True)
    model.heads['itm'].choose = neighbours
    model.mask_text = hide
    return model


def train_step(family, rows, world):
    """Losses, gradients and what is left of a step over some rows."""
    model = build(family)
    images, ids = toy_pairs(2 * BATCH)
    for _ in range(2):  # the second meets what the first has queued
        model.zero_grad()
        losses = model.compute_losses(images[rows], ids[rows])
        total(losses).backward()
    found = {k: v.detach() for k, v in losses.items()}
    gradients = {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    for tensor in [*found.values(), *gradients.values()]:
        if world > 1:  # what DistributedDataParallel does
            dist.all_reduce(tensor)
            tensor /= world
    kept = {
        name: value
        for name, value in model.state_dict().items()
        if name.startswith(('queue.', 'momentum_encoder.'))
    }
    return found, gradients, kept


def gallery(num_images):
    """Images with 1 to 3 captions each, as a data set would serve them."""
    images, _ = toy_pairs(num_images, seed=4)
    samples, first = [], 0
    for index in range(num_images):
        count = 1 + index % 3
        sample = DataSample(metainfo=dict(image_id=index))
        sample.set_field(list(range(first, first + count)), 'gt_text_id')
        sample.set_field([[index]] * count, 'gt_image_id')
        samples.append(sample)
        first += count
    return images, samples, first


def retrieve(family, rank, world, num_images=5):
    """Scores of the local queries, with the padding that samplers add."""
    model = tiny_pretrainer(family).eval()
    model.task.k_test, model.task.batch_size = 3, 4
    images, samples, num_texts = gallery(num_images)
    _, captions = toy_pairs(num_texts, seed=5)
    per_rank = -(-num_images // world)
    order = [i % num_images for i in range(per_rank * world)]
    mine = order[rank * per_rank : (rank + 1) * per_rank]
    chosen = [samples[i] for i in mine]
    columns = [c for s in chosen for c in s.gt_text_id]
    model.tokenize = lambda _: captions[columns]
    with torch.no_grad():
        feats = model.extract(images[mine], chosen)
    found = model.predict_all(feats, chosen, num_images, num_texts)
    return [
        [
            (s.pred_score, s.contrastive_score,
             best_rank(s.pred_score, s.gt_label))
            for s in part
        ]
        for part in found
    ]  # fmt: skip


def work(rank, folder):
    results = {}
    for family in FAMILIES:
        rows = slice(rank * BATCH, (rank + 1) * BATCH)
        results[family] = train_step(family, rows, world=2)
        results[f'{family} retrieval'] = retrieve(family, rank, world=2)
    torch.save(results, folder / f'{rank}.pt')


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """What each of two processes has found."""
    folder = tmp_path_factory.mktemp('ranks')
    run_ranks(work, folder, folder)
    return [
        torch.load(folder / f'{rank}.pt', weights_only=True)
        for rank in range(2)
    ]


@pytest.mark.parametrize('family', FAMILIES)
def test_training_is_that_of_one_process(ranks, family):
    losses, gradients, kept = train_step(family, slice(None), world=1)
    for rank in ranks:
        found, their_gradients, their_kept = rank[family]
        for name, value in losses.items():
            torch.testing.assert_close(found[name], value, msg=name)
        for name, value in gradients.items():
            worst = (their_gradients[name] - value).abs().max()
            assert worst <= 2e-5 * value.abs().max() + 1e-8, name
        for name, value in kept.items():
            torch.testing.assert_close(
                their_kept[name], value, atol=1e-6, rtol=0, msg=name
            )


@pytest.mark.parametrize('family', FAMILIES)
def test_retrieval_is_that_of_one_process(ranks, family):
    expected = retrieve(family, 0, 1)
    found = [
        sum((rank[f'{family} retrieval'][way] for rank in ranks), [])
        for way in range(2)
    ]
    for ours, theirs in zip(found, expected):
        assert len(ours) == len(theirs)  # nothing repeated is left
        for mine, reference in zip(ours, theirs):
            for a, b in zip(mine[:2], reference[:2]):
                torch.testing.assert_close(a, b)
            assert mine[2] == reference[2]
