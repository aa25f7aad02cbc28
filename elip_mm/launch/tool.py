# Copyright (c) elip_mm contributors. All rights reserved.
"""What ``tools/train.py`` and ``tools/test.py`` have in common."""

import argparse
import os
import os.path as osp
from typing import Any, Callable, Optional

import torch
from mmengine.config import Config, ConfigDict, DictAction
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from .console import shorten_console
from .distribute import distribute_on_cpu, leave_processes
from .user_errors import short_errors

__all__ = [
    'add_common_arguments',
    'load_config',
    'use_mixed_precision',
    'run_tool',
    'build_runner',
]

_DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_PLAIN_WRAPPERS = ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper')


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that training and testing share.

    Args:
        parser (argparse.ArgumentParser): Parser of the tool.
    """
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints; work_dirs/ and '
        'the name of the config by default',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: float16 on CUDA, bfloat16 on a CPU',
    )
    parser.add_argument(
        '--amp-dtype',
        choices=['float16', 'bfloat16'],
        help='the type that --amp computes in',
    )
    parser.add_argument(
        '--no-pin-memory',
        action='store_true',
        help='no page-locked memory in the data loaders',
    )
    parser.add_argument(
        '--no-persistent-workers',
        action='store_true',
        help='start new data loading processes every epoch',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='changes of the config, as in '
        'train_cfg.max_epochs=3 model.mask_ratio=0.3',
    )
    parser.add_argument(
        '--launcher',
        default='none',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        help='what started the processes',
    )
    parser.add_argument(
        '--traceback',
        action='store_true',
        help='show where an error comes from',
    )
    # Launchers hand it over in either spelling.
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=int,
        default=0,
        help=argparse.SUPPRESS,
    )


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and apply the common arguments to it.

    Args:
        args (argparse.Namespace): Arguments of the tool, with ``config``.

    Returns:
        Config: The config, with ``--cfg-options`` applied.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if not osp.isfile(args.config):
        raise FileNotFoundError(
            f'there is no config file {args.config}; check the path, which '
            f'starts in {os.getcwd()} if it is not absolute.'
        )
    cfg = Config.fromfile(args.config)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('work_dirs', name)
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
    for key in _DATALOADERS:
        if cfg.get(key) is not None:
            cfg[key] = _complete_dataloader(cfg[key], args)
    return cfg


def _complete_dataloader(
    loader: ConfigDict, args: argparse.Namespace
) -> ConfigDict:
    """Fill in what depends on the machine."""
    # Without it mmengine would hand images over as a list, which
    # mmpretrain's preprocessor takes for views of one image.
    loader.setdefault('collate_fn', dict(type='default_collate'))
    if args.no_pin_memory or not torch.cuda.is_available():
        loader['pin_memory'] = False
    else:
        loader.setdefault('pin_memory', True)
    if args.no_persistent_workers or loader.get('num_workers', 0) == 0:
        loader['persistent_workers'] = False
    else:
        loader.setdefault('persistent_workers', True)
    return loader


def use_mixed_precision(cfg: Config, args: argparse.Namespace) -> None:
    """Train in mixed precision, as ``--amp`` asks.

    float16 needs its loss scaled and an accelerator; bfloat16 neither.

    Args:
        cfg (Config): The config; changed in place.
        args (argparse.Namespace): Arguments of the tool.
    """
    has_cuda = torch.cuda.is_available()
    dtype = args.amp_dtype or ('float16' if has_cuda else 'bfloat16')
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    # Either a name or, in configs that import their types, a class.
    name = getattr(kind, '__name__', kind).split('.')[-1]
    if name not in _PLAIN_WRAPPERS:
        raise ValueError(
            f'--amp cannot replace an optim_wrapper of type {kind!r}; set up '
            'mixed precision in the config.'
        )
    if dtype == 'float16':
        if not has_cuda:
            raise ValueError(
                '--amp-dtype float16 needs a CUDA device; use '
                'bfloat16 on this machine.'
            )
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.dtype = 'float16'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    else:
        cfg.optim_wrapper.type = 'elip_mm.AutocastOptimWrapper'
        cfg.optim_wrapper.dtype = 'bfloat16'
        cfg.optim_wrapper.pop('loss_scale', None)


def run_tool(
    args: argparse.Namespace,
    make_config: Callable[[argparse.Namespace], Config],
    action: str,
    finish: Optional[Callable[[Any], None]] = None,
) -> None:
    """Run a tool; until the first batch, errors are taken for the user's.

    Args:
        args (argparse.Namespace): Arguments of the tool.
        make_config (Callable): From these to the complete config.
        action (str): Method of the runner, 'train' or 'test'.
        finish (Callable, optional): Called on the main process with what
            that method returns. Defaults to None.
    """
    with short_errors(args.traceback):
        runner = build_runner(make_config(args))
    hook = _StartedHook()
    runner.register_hook(hook)
    with short_errors(args.traceback, active=lambda: not hook.started):
        result = getattr(runner, action)()
    if finish is not None and is_main_process():
        finish(result)
    del runner
    leave_processes()


class _StartedHook(Hook):
    """Notes that the first batch is there."""

    priority = 'HIGHEST'
    started = False

    def _before_iter(self, *args, **kwargs) -> None:
        self.started = True


def build_runner(cfg: Config) -> Runner:
    """Build the runner, on machines with and without accelerators.

    Args:
        cfg (Config): The complete config.

    Returns:
        Runner: The runner.
    """
    # Whatever types the config has, checkpoints are loaded safely.
    import elip_mm.engine  # noqa: F401

    if cfg.launcher != 'none' and not torch.cuda.is_available():
        distribute_on_cpu(cfg)
    cfg.setdefault('default_scope', 'elip_mm')
    build = RUNNERS.build if 'runner_type' in cfg else Runner.from_cfg
    runner = build(cfg)
    shorten_console(runner.logger)
    return runner
