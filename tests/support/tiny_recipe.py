# Copyright (c) elip_mm contributors. All rights reserved.
"""The tiny recipes, cut down to a few steps of a few scenes."""

from pathlib import Path

from mmengine import Config
from mmengine.runner import Runner

from elip_mm.utils import register_all_modules

CONFIGS = Path(__file__).parents[2] / 'configs'
# What the recipes with a momentum encoder need besides.
QUEUE = {'model.queue_size': 20}


def recipe(family, work_dir, max_iters=4, **changes):
    """The tiny ELIP recipe with 8 scenes a batch and 3 batches an epoch.

    Args:
        family (str): As ``'clip'``; towers start from random numbers.
        work_dir (Path): Where to.
        max_iters (int): Steps. Defaults to 4.
        **changes: Entries of the config by dotted name.
    """
    (path,) = (CONFIGS / family).glob(
        f'{family}_tiny-from-noise_elip_1xb*_synthetic-scenes-64px.py'
    )
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'experiment_name': f'{work_dir.parent.name}-{work_dir.name}',
            'train_dataloader.batch_size': 8,
            'train_dataloader.dataset.num_scenes': 24,
            'val_dataloader.dataset.num_scenes': 6,
            'train_cfg.max_epochs': None,
            'train_cfg.max_iters': max_iters,
            'default_hooks.checkpoint.interval': 2,
            'default_hooks.logger.interval': 1,
            **changes,
        }
    )
    return cfg


def train(cfg, *hooks):
    """Run a recipe in this process, with further hooks.

    Args:
        cfg (Config): The recipe.
        *hooks (Hook): They come last, for what a config holds is a copy.
    """
    register_all_modules()
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook, priority='VERY_LOW')
    runner.train()
    return runner
