# Copyright (c) elip_mm contributors. All rights reserved.
"""mmengine's moving average of the weights, over tiny recipes."""

import pytest
import torch
from mmengine.hooks import Hook

from elip_mm.apis import init_model
from tests.support.tiny_recipe import QUEUE, recipe, train

# The average comes after each step: three quarters of it stay.
EMA = dict(type='EMAHook', momentum=0.25)
NO_VALIDATION = dict.fromkeys(('val_dataloader', 'val_cfg', 'val_evaluator'))


class WeightsOverTimeHook(Hook):
    """Notes the weights after each step, and those that are validated."""

    def __init__(self):
        self.steps = []
        self.validated = []

    def after_train_iter(self, runner, *args, **kwargs):
        self.steps.append(weights(runner.model))

    def before_val_iter(self, runner, *args, **kwargs):
        self.validated.append(weights(runner.model))


def weights(model):
    return {n: p.detach().clone() for n, p in model.named_parameters()}


def check_equal(found, expected):
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@pytest.mark.parametrize(
    'family', ['clip', pytest.param('albef', marks=pytest.mark.slow)]
)
def test_average_is_validated_saved_and_resumed(family, tmp_path):
    changes = dict(QUEUE if family == 'albef' else {})
    changes.update(param_scheduler=None, custom_hooks=[EMA])
    cfg = recipe(family, tmp_path / 'whole', max_iters=4, **changes)
    seen = WeightsOverTimeHook()
    train(cfg, seen)
    average, *later = seen.steps
    for step in later:
        average = {n: v.lerp(step[n], 0.25) for n, v in average.items()}
    check_equal(seen.validated[-1], average)

    path = tmp_path / 'whole/iter_4.pth'
    saved = torch.load(path, weights_only=True)
    check_equal(saved['state_dict'], average)
    online = {f'module.{n}': v for n, v in later[-1].items()}
    check_equal(saved['ema_state_dict'], online)
    check_equal(weights(init_model(cfg, path)), average)

    changes.update(NO_VALIDATION)
    train(recipe(family, tmp_path / 'half', max_iters=2, **changes))
    half = str(tmp_path / 'half/iter_2.pth')
    changes.update(load_from=half, resume=True)
    train(recipe(family, tmp_path / 'rest', max_iters=4, **changes))
    resumed = torch.load(tmp_path / 'rest/iter_4.pth', weights_only=True)
    check_equal(resumed['state_dict'], saved['state_dict'])
    check_equal(resumed['ema_state_dict'], saved['ema_state_dict'])
