# Copyright (c) elip_mm contributors. All rights reserved.
"""The learning rates of ALBEF and BLIP.

Acceptance: schedules.
"""

import pickle

import pytest
import torch

from elip_mm.engine.schedulers import albef_rate, blip_rate
from elip_mm.registry import PARAM_SCHEDULERS

LENGTH = 5000
ALBEF = dict(type='elip_mm.ALBEFLR', num_epochs=20, convert_to_iter_based=True)
BLIP = dict(type='elip_mm.BLIPLR', convert_to_iter_based=True)


@pytest.mark.parametrize(
    'iteration, expected',
    [
        (0, 1e-5),
        (99, 1e-5),
        (100, 1.9e-5),
        (1000, 1e-4),
        (LENGTH - 1, 1e-4),
        (LENGTH, 9.9446e-5),
        (2 * LENGTH - 1, 9.9446e-5),
        (10 * LENGTH, 5.5e-5),
        (19 * LENGTH, 1.0554e-5),
        (30 * LENGTH, 1e-5),
    ],
)
def test_albef_pretraining(iteration, expected):
    rate = albef_rate(iteration, LENGTH, base=1e-4, num_epochs=20)
    assert rate == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    'iteration, expected',
    [
        (0, 1e-5),
        (100, 1.25e-5),
        (400, 2e-5),
        (LENGTH, 1.9277e-5),
        (7 * LENGTH, 1.7231e-6),
    ],
)
def test_albef_question_answering(iteration, expected):
    rate = albef_rate(
        iteration,
        LENGTH,
        base=2e-5,
        num_epochs=8,
        warmup_steps=4,
        start_factor=0.5,
        eta_min_ratio=0.05,
    )
    assert rate == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    'iteration, expected',
    [
        (0, 1e-6),
        (1500, 5.05e-5),
        (3000, 1e-4),
        (LENGTH - 1, 1e-4),
        (LENGTH, 9e-5),
        (5 * LENGTH, 5.9049e-5),
        (14 * LENGTH, 2.2877e-5),
        (100 * LENGTH, 1e-6),
    ],
)
def test_blip_pretraining(iteration, expected):
    rate = blip_rate(iteration, LENGTH, base=1e-4)
    assert rate == pytest.approx(expected, rel=1e-4)


def test_no_warmup():
    assert albef_rate(0, 10, 1e-4, num_epochs=5, warmup_steps=0) == 1e-4
    assert blip_rate(0, 10, 1e-4, warmup_iters=0) == 1e-4


def optimizer(*rates):
    groups = [dict(params=[torch.zeros(1)], lr=rate) for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


def build(cfg, optimizer, epoch_length):
    # As the runner does; it also fills in `end`.
    cfg = dict(cfg, end=20)
    return PARAM_SCHEDULERS.build(
        cfg, default_args=dict(optimizer=optimizer, epoch_length=epoch_length)
    )


@pytest.mark.parametrize('cfg', [ALBEF, BLIP], ids=['albef', 'blip'])
def test_schedulers_follow_their_function(cfg):
    function = dict(ALBEFLR=albef_rate, BLIPLR=blip_rate)[
        cfg['type'].split('.')[1]
    ]
    settings = dict(num_epochs=20) if cfg is ALBEF else {}
    tuned = optimizer(1e-4, 2e-4)
    scheduler = build(cfg, tuned, epoch_length=300)
    for iteration in range(700):
        seen = [group['lr'] for group in tuned.param_groups]
        assert seen == [
            function(iteration, 300, base, **settings) for base in (1e-4, 2e-4)
        ]
        tuned.step()
        scheduler.step()


@pytest.mark.parametrize('cfg', [ALBEF, BLIP], ids=['albef', 'blip'])
def test_groups_keep_their_proportions(cfg):
    # Twelve layers that lose a quarter each, and a batch eight times as big.
    bases = [1e-4 * 0.75**depth for depth in range(13)]
    tuned = optimizer(*bases, *(8 * base for base in bases))
    scheduler = build(cfg, tuned, epoch_length=300)
    for _ in range(600):
        rates = [group['lr'] for group in tuned.param_groups]
        assert rates[12] / rates[0] == pytest.approx(0.75**12)
        assert rates[13] / rates[0] == pytest.approx(8)
        tuned.step()
        scheduler.step()


@pytest.mark.parametrize('cfg', [ALBEF, BLIP], ids=['albef', 'blip'])
def test_a_resumed_scheduler_goes_on(cfg):
    tuned = optimizer(1e-4)
    scheduler = build(cfg, tuned, epoch_length=150)
    for _ in range(200):
        tuned.step()
        scheduler.step()
    state = pickle.loads(pickle.dumps(scheduler.state_dict()))
    assert not any(callable(value) for value in state.values())

    other = optimizer(1e-4)
    resumed = build(cfg, other, epoch_length=150)
    resumed.load_state_dict(state)
    for one, its in ((tuned, scheduler), (other, resumed)):
        one.step()
        its.step()
    assert other.param_groups[0]['lr'] == tuned.param_groups[0]['lr']


def test_an_epoch_has_iterations():
    with pytest.raises(ValueError, match='at least one iteration'):
        build(BLIP, optimizer(1e-4), epoch_length=0)
    cfg = {k: v for k, v in BLIP.items() if not k.startswith('convert')}
    with pytest.raises(ValueError, match='convert_to_iter_based=True'):
        build(cfg, optimizer(1e-4), epoch_length=10)
