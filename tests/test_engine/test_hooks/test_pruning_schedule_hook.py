# Copyright (c) elip_mm contributors. All rights reserved.
from types import SimpleNamespace

import pytest

from elip_mm.engine.hooks import PruningScheduleHook

POINTS = [
    dict(at=10, strength=0.2),
    dict(at=20, strength=1.0, curve='cosine'),
    dict(at=30, strength=1.0),
    dict(at=40, strength=0.0, curve='step'),
    dict(at=50, strength=0.5),
]


@pytest.mark.parametrize(
    'progress, strength',
    [
        (0, 0.2),
        (10, 0.2),
        (12.5, 0.2 + 0.8 * 0.14644660940672627),
        (15, 0.6),
        (20, 1.0),
        (25, 1.0),
        (39, 1.0),
        (40, 0.0),
        (45, 0.25),
        (50, 0.5),
        (1000, 0.5),
    ],
)
def test_strength_follows_the_points(progress, strength):
    hook = PruningScheduleHook(POINTS)
    assert hook.strength_at(progress) == pytest.approx(strength, abs=1e-12)


class Recorder:
    def __init__(self):
        self.strengths = []

    def set_pruning_strength(self, strength):
        self.strengths.append(strength)

    def update_scalar(self, name, value):
        assert name == 'train/pruning_strength'


def run(hook, iters, per_epoch=4, total=16):
    model = Recorder()
    runner = SimpleNamespace(
        model=model, message_hub=model, max_iters=total, iter=0, epoch=0
    )
    hook.before_train(runner)
    for runner.iter in iters:
        runner.epoch = runner.iter // per_epoch
        hook.before_train_iter(runner, 0)
    return model.strengths


@pytest.mark.parametrize(
    'unit, last', [('iter', 16), ('epoch', 4), ('share', 1.0)]
)
def test_a_resumed_run_goes_on_where_an_unbroken_one_would(unit, last):
    points = [dict(at=0, strength=0.0), dict(at=last, strength=1.0)]
    whole = run(PruningScheduleHook(points, unit), range(16))
    resumed = run(PruningScheduleHook(points, unit), range(7, 16))
    assert resumed == whole[7:]
    assert whole[0] == 0.0 and whole[12] == 0.75
    assert whole[13] == (0.75 if unit == 'epoch' else 0.8125)


@pytest.mark.parametrize(
    'points, unit, message',
    [
        ([], 'iter', 'points is empty'),
        (POINTS, 'hour', 'unit must be'),
        ([dict(at=0)], 'iter', 'keys at, strength'),
        ([dict(at=0, strength=2)], 'iter', 'strength must be a number in'),
        ([dict(at=0, strength=1, curve='sine')], 'iter', 'curve must be'),
        (POINTS[::-1], 'iter', 'sorted by at'),
    ],
)
def test_bad_points_are_refused_in_words(points, unit, message):
    with pytest.raises(ValueError, match=message):
        PruningScheduleHook(points, unit)


def test_a_model_that_does_not_reduce_is_refused():
    hook = PruningScheduleHook(POINTS)
    with pytest.raises(ValueError, match='does not reduce tokens'):
        hook.before_train(SimpleNamespace(model=object()))
