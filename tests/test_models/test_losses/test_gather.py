# Copyright (c) elip_mm contributors. All rights reserved.
"""Two processes are one process with twice the batch.

Acceptance: info-nce.
"""

import torch
import torch.distributed as dist

from elip_mm.models.losses import gather_rows
from tests.support.processes import one_at_a_time, run_ranks
from tests.support.tiny import ELIP, perturb, random_ids, tiny_clip

BATCH = 3


def build():
    return perturb(tiny_clip(ELIP))


def data():
    draw = torch.Generator().manual_seed(5)
    images = torch.randn(2 * BATCH, 3, 64, 64, generator=draw)
    return images, random_ids(2 * BATCH, seed=6)


def work(rank, results):
    model = build()
    rows = slice(rank * BATCH, (rank + 1) * BATCH)
    images, ids = data()
    loss = model.compute_losses(images[rows], ids[rows])['loss_contrastive']
    loss.backward()
    # What DistributedDataParallel does.
    for parameter in model.parameters():
        dist.all_reduce(parameter.grad)
        parameter.grad /= 2
    dist.all_reduce(loss.data)
    check_gathered_sums(rank)
    if rank == 0:
        gradients = [p.grad for p in model.parameters()]
        torch.save((loss.detach() / 2, gradients), results)


def check_gathered_sums(rank):
    """Two gathered tensors may get one and the same gradient tensor."""
    one, other = (torch.full((2,), rank + 1.0).requires_grad_() for _ in '12')
    (gather_rows(one) + gather_rows(other)).square().sum().backward()
    # Both processes hold the same sum, so each counts once.
    expected = torch.full((2,), 2 * 2 * 2 * (rank + 1.0))
    assert torch.equal(one.grad, expected), one.grad
    assert torch.equal(other.grad, expected), other.grad


@one_at_a_time
def test_two_processes_are_one(tmp_path):
    results = tmp_path / 'results.pt'
    run_ranks(work, tmp_path, results)
    loss, gradients = torch.load(results, weights_only=True)

    model = build()
    expected = model.compute_losses(*data())['loss_contrastive']
    expected.backward()
    torch.testing.assert_close(loss, expected.detach())
    for (name, parameter), gradient in zip(
        model.named_parameters(), gradients
    ):
        scale = parameter.grad.abs().max()
        worst = (gradient - parameter.grad).abs().max()
        assert worst <= 1e-5 * scale, name
