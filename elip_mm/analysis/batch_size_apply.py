# Copyright (c) elip_mm contributors. All rights reserved.
"""Use a batch size that was found: mmengine scales the learning rate."""

import os
from pathlib import Path

from mmengine.config import Config

_TEMPLATE = """\
# {batch} pairs per process, not {usual}: found by find_batch_size.py. The
# learning rate follows the global batch in proportion. Warm-up is counted in
# iterations, of which an epoch has fewer now.
_base_ = {base!r}

train_dataloader = dict(batch_size={batch})

auto_scale_lr = dict(enable=True, base_batch_size={reference})
"""


def base_batch_size(cfg: Config, world_size: int = 1) -> int:
    """Global batch that the learning rate of a recipe is meant for.

    Args:
        cfg (Config): The recipe.
        world_size (int): Processes; only used if the recipe does not say
            ``auto_scale_lr.base_batch_size``. Defaults to 1.

    Returns:
        int: Pairs of one iteration over all processes.
    """
    known = (cfg.get('auto_scale_lr') or {}).get('base_batch_size')
    return known or cfg.train_dataloader.batch_size * world_size


def batch_options(cfg: Config, batch_size: int, world_size: int = 1) -> str:
    """Arguments of ``tools/train.py`` for a batch and a rate to match.

    Args:
        cfg (Config): The recipe.
        batch_size (int): Pairs of one process.
        world_size (int): Processes. Defaults to 1.

    Returns:
        str: For a command line.
    """
    return (
        f'--auto-scale-lr --cfg-options '
        f'train_dataloader.batch_size={batch_size} '
        f'auto_scale_lr.base_batch_size={base_batch_size(cfg, world_size)}'
    )


def write_recipe(
    path: Path, base: str, cfg: Config, batch_size: int, world_size: int = 1
) -> None:
    """Write a small config that inherits a recipe.

    Args:
        path (Path): Where to.
        base (str): Path of the recipe.
        cfg (Config): The recipe.
        batch_size (int): Pairs of one process.
        world_size (int): Processes. Defaults to 1.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _TEMPLATE.format(
            batch=batch_size,
            usual=cfg.train_dataloader.batch_size,
            base=Path(os.path.relpath(base, path.parent)).as_posix(),
            reference=base_batch_size(cfg, world_size),
        )
    )
