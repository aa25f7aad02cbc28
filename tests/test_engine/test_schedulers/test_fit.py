# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
from mmengine.config import Config

from elip_mm.engine.schedulers.fit import check_schedule_fits
from tests.test_configs.files import CONFIGS

SCHEDULES = CONFIGS / '_base_/schedules'
# 100 000 pairs in batches of 1760, for the 32 epochs of the recipe.
SMALL = dict(max_iters=1818, epoch_length=57)


def schedule(name):
    return Config.fromfile(SCHEDULES / f'{name}.py').param_scheduler


@pytest.mark.parametrize(
    'name, iters',
    [('clip_adamw-cosine_32e', 10_000), ('meter_adamw-linear_100k', 160_000)],
)
def test_a_warmup_longer_than_the_run_is_an_error(name, iters):
    with pytest.raises(ValueError) as caught:
        check_schedule_fits(schedule(name), **SMALL)
    message = str(caught.value)
    assert f'warm-up takes {iters} iterations' in message
    assert 'the run has only 1818' in message
    assert 'param_scheduler.0.end=90' in message


def test_a_warmup_in_epochs_counts_their_iterations():
    warmup = dict(type='LinearLR', start_factor=0.1, end=40)
    with pytest.raises(ValueError, match='takes 2280 iter.*only 1818'):
        check_schedule_fits(dict(generator=[warmup]), **SMALL)
    check_schedule_fits([dict(warmup, end=30)], **SMALL)


def test_what_does_not_rise_may_be_longer():
    slow = dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=99)
    check_schedule_fits(slow, **SMALL)
    with pytest.raises(ValueError, match='CosineAnnealingLR begins at iter'):
        check_schedule_fits(
            dict(type='CosineAnnealingLR', by_epoch=False, begin=1818), **SMALL
        )


@pytest.mark.parametrize(
    'name, iters',
    [('albef_adamw-cosine_20e', 1000), ('blip_adamw-step_15e', 3000)],
)
def test_a_warmup_that_the_epoch_cuts_short_is_told(name, iters):
    told = []
    check_schedule_fits(schedule(name), warn=told.append, **SMALL)
    assert f'takes {iters} iterations' in told[0] and 'after 57' in told[0]
    check_schedule_fits(schedule(name), 9000, 3000, warn=told.append)
    assert len(told) == 1
