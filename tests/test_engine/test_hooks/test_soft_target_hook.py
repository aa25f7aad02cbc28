# Copyright (c) elip_mm contributors. All rights reserved.
"""The tiny recipes through a Runner: alpha, logs, resuming, retrieval."""

import pytest
import torch
from mmengine.logging import MessageHub

from elip_mm.engine.hooks import SoftTargetHook, soft_share
from tests.support.tiny_recipe import QUEUE, recipe, train


def test_alpha_of_both_published_ramps():
    """Acceptance: schedules. BLIP is at half of 0.4 after one epoch of two."""
    assert soft_share(0, 100, 0.4, 1) == 0
    assert soft_share(50, 100, 0.4, 1) == pytest.approx(0.2)
    assert soft_share(100, 100, 0.4, 1) == soft_share(999, 100, 0.4, 1) == 0.4
    assert soft_share(100, 100, 0.4, 2) == pytest.approx(0.2)
    assert soft_share(7, 100, 0.4, 0) == 0.4
    with pytest.raises(ValueError, match='alpha must lie'):
        SoftTargetHook(alpha=2)


@pytest.mark.parametrize(
    'family', ['albef', pytest.param('blip', marks=pytest.mark.slow)]
)
def test_resuming_changes_nothing(family, tmp_path):
    cfg = recipe(family, tmp_path / 'whole', **QUEUE)
    peak = cfg.custom_hooks[-1].alpha
    runner = train(cfg)
    straight = runner.model.state_dict()
    ramp = 3 if family == 'albef' else 6
    assert runner.model.alpha.item() == pytest.approx(peak * min(1, 3 / ramp))
    scalars = MessageHub.get_current_instance().log_scalars
    logged = {key.split('/')[-1] for key in scalars}
    words = 'mlm' if family == 'albef' else 'lm'
    assert {'loss_itc', 'loss_itm', f'loss_{words}', 'alpha'} <= logged
    assert {'Recall@1'} <= logged

    half = tmp_path / 'half'
    train(recipe(family, half, max_iters=2, val_dataloader=None,
                 val_cfg=None, val_evaluator=None, **QUEUE))  # fmt: skip
    resumed = train(
        recipe(
            family,
            tmp_path / 'resumed',
            load_from=str(half / 'iter_2.pth'),
            resume=True,
            **QUEUE,
        )
    ).model.state_dict()
    assert resumed['queue.queue_ptr'].item() == 4 * 8 % 20
    for key, value in straight.items():
        assert torch.equal(resumed[key], value), key
