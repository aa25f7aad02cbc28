# Copyright (c) elip_mm contributors. All rights reserved.
"""What is said about the time follows from steps that were measured."""

import pytest

from elip_mm.study import Run, estimate

from .conftest import DENSE, ELIP


@pytest.mark.parametrize(
    'options, steps',
    [
        ((), 300),
        (('train_cfg.max_epochs=2',), 200),
        (('train_dataloader.batch_size=32',), 600),
        (('train_cfg.max_epochs=None', 'train_cfg.max_iters=7'), 7),
    ],
)
def test_steps_of_a_recipe(options, steps):
    cfg = Run('x', DENSE, DENSE.parent, options).load_config()
    assert estimate.count_steps(cfg) == steps


def test_the_time_is_that_of_all_steps(monkeypatch, tmp_path):
    monkeypatch.setattr(
        estimate,
        'time_steps',
        lambda recipes, batch_size, rounds: dict(dense=0.4, elip=0.3),
    )
    monkeypatch.setattr(estimate, 'SHARE', 0.0)
    monkeypatch.setattr(estimate, 'SECONDS', 15.0)
    runs = [Run('dense', DENSE, tmp_path), Run('elip', ELIP, tmp_path)]
    # 300 steps of 0.4 s and of 0.3 s, and 15 s for each.
    assert estimate.estimate_time(runs) == (
        'This will take about 4 minutes here (dense: 300 steps of 0.40 s, '
        'elip: 300 steps of 0.30 s).'
    )
