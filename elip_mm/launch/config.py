# Copyright (c) elip_mm contributors. All rights reserved.
"""From a command line to a complete config."""

import argparse
import os
import os.path as osp
import traceback
from typing import Any, Mapping, Optional

import torch
from mmengine.config import Config, ConfigDict

from elip_mm.utils.type_names import type_name

from .config_check import check_config
from .config_check.sources import find_syntax_error, read_sources

__all__ = [
    'check_checkpoint_path',
    'load_config',
    'read_config',
    'use_mixed_precision',
]

_DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_PLAIN_WRAPPERS = ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper')


def read_config(
    path: str, options: Optional[Mapping[str, Any]] = None
) -> Config:
    """Read the config that a command line names, and check it.

    Args:
        path (str): Its file.
        options (dict, optional): Changes, from ``--cfg-options``. Defaults
            to None.

    Returns:
        Config: The config with these changes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, or if :func:`check_config`
            finds mistakes.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'there is no config file {path}; check the path, which '
            f'starts in {os.getcwd()} if it is not absolute.'
        )
    try:
        cfg = Config.fromfile(path)
    except Exception as error:
        raise ValueError(_explain_file(path, error)) from error
    if options:
        try:
            cfg.merge_from_dict(dict(options))
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(
                f'--cfg-options does not fit {path}: {error.args[0]}'
            ) from error
    check_config(cfg, options)
    return cfg


def _explain_file(path: str, error: Exception) -> str:
    """Where a config file, or one that it inherits from, is wrong.

    A config is Python, so anything may go wrong in it.
    """
    wrong = find_syntax_error(path)
    if wrong is not None:
        return f'{wrong.filename}:{wrong.lineno}: syntax error: {wrong.msg}'
    files = {source.path for source in read_sources(path)}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f'{osp.relpath(frame.filename)}:{frame.lineno}'
        for frame in frames
        if frame.filename in files
    ]
    place = lines[-1] if lines else path
    text = error.args[0] if len(error.args) == 1 else error
    return f'{place}: {type(error).__name__}: {text}'


def load_config(args: argparse.Namespace) -> Config:
    """Read the config and apply the common arguments to it.

    Args:
        args (argparse.Namespace): Arguments of the tool, with ``config``.

    Returns:
        Config: The config, with ``--cfg-options`` applied.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('work_dirs', name)
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
    loader.setdefault('collate_fn', dict(type='elip_mm.stack_pairs'))
    if args.no_pin_memory or not torch.cuda.is_available():
        loader['pin_memory'] = False
    else:
        loader.setdefault('pin_memory', True)
    if args.no_persistent_workers or loader.get('num_workers', 0) == 0:
        loader['persistent_workers'] = False
    else:
        loader.setdefault('persistent_workers', True)
    return loader


def check_checkpoint_path(path: str, origin: str) -> None:
    """Raise an error now rather than after the model has been built.

    Args:
        path (str): Where a checkpoint should be; addresses are left to the
            loader.
        origin (str): Where the path comes from, for the message.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if '://' not in path and not osp.isfile(osp.expanduser(path)):
        raise FileNotFoundError(
            f'there is no checkpoint {path}; check the path given to {origin}.'
        )


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
    if type_name(kind) not in _PLAIN_WRAPPERS:
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
