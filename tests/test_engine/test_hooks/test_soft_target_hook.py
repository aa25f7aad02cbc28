# Copyright (c) elip_mm contributors. All rights reserved.
"""The tiny recipes through a Runner: alpha, logs, resuming, retrieval."""

import pytest
import torch
from mmengine import Config
from mmengine.logging import MessageHub
from mmengine.runner import Runner

from elip_mm.engine.hooks import SoftTargetHook, soft_share
from elip_mm.utils import register_all_modules


def recipe(family, work_dir, max_iters=4, **changes):
    """The tiny ELIP recipe with 8 scenes a batch and 3 batches an epoch."""
    path = (
        f'configs/{family}/{family}_tiny_elip_1xb32_synthetic-scenes-64px.py'
    )
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'experiment_name': f'{work_dir.name}-{max_iters}',
            'train_dataloader.batch_size': 8,
            'train_dataloader.dataset.num_scenes': 24,
            'val_dataloader.dataset.num_scenes': 6,
            'train_cfg.max_epochs': None,
            'train_cfg.max_iters': max_iters,
            'model.queue_size': 20,
            'default_hooks.checkpoint.interval': 2,
            'default_hooks.logger.interval': 1,
            **changes,
        }
    )
    return cfg


def train(cfg):
    register_all_modules()
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


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
    cfg = recipe(family, tmp_path / 'whole')
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
                 val_cfg=None, val_evaluator=None))  # fmt: skip
    resumed = train(
        recipe(
            family,
            tmp_path / 'resumed',
            load_from=str(half / 'iter_2.pth'),
            resume=True,
        )
    ).model.state_dict()
    assert resumed['queue.queue_ptr'].item() == 4 * 8 % 20
    for key, value in straight.items():
        assert torch.equal(resumed[key], value), key
