# Copyright (c) elip_mm contributors. All rights reserved.
"""mmengine's ``compile`` option, with rules for single parameters.

mmengine's own groups, of ``ConfigDict``, make torch fail here.
"""

import pytest
import torch

from tests.support.tiny import traceable
from tests.support.tiny_recipe import recipe, train
from tests.test_checkpoint.samples import toy_runner

NO_VALIDATION = dict.fromkeys(('val_dataloader', 'val_cfg', 'val_evaluator'))


def toy(folder, **changes):
    runner = toy_runner(folder, **changes)
    runner.train()
    return runner


def clip(folder, **changes):
    changes.update(NO_VALIDATION, param_scheduler=None)
    # Where the objects are is kept in arrays, which torch cannot trace.
    changes['train_dataloader.dataset.pipeline'] = [
        dict(
            type='mmpretrain.PackInputs',
            algorithm_keys=['text'],
            meta_keys=['image_id'],
        )
    ]
    return train(recipe('clip', folder, max_iters=2, **changes))


@pytest.mark.no_cover
@traceable
@pytest.mark.parametrize(
    'train_one, backend',
    [
        (toy, 'eager'),
        pytest.param(clip, 'aot_eager', marks=pytest.mark.slow),
    ],
)
def test_a_compiled_run_is_the_plain_run(train_one, backend, tmp_path):
    torch._dynamo.reset()
    runners = []
    for name, compiled in (('plain', False), ('compiled', True)):
        (tmp_path / name).mkdir()
        option = dict(backend=backend) if compiled else False
        runners.append(train_one(tmp_path / name, compile=option))
    plain, compiled = runners
    groups = compiled.optim_wrapper.param_groups
    assert {group['weight_decay'] for group in groups} == {0.0, 0.1}
    moments = compiled.optim_wrapper.state_dict()['state'].values()
    assert {int(state['step']) for state in moments} == {2}
    torch.testing.assert_close(
        compiled.model.state_dict(), plain.model.state_dict()
    )
