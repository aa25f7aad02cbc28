# Copyright (c) elip_mm contributors. All rights reserved.
"""From a complete config to a runner, and what it does."""

import argparse
import signal
from contextlib import ExitStack
from typing import Any, Callable, Optional

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from elip_mm.checkpoint import use_safe_loading

from .console import shorten_console
from .distribute import distribute_on_cpu, launched_rank, leave_processes
from .processors import use_processors
from .user_errors import short_errors
from .work_dir_lock import lock_work_dir

__all__ = ['build_runner', 'run_tool']


def run_tool(
    args: argparse.Namespace,
    make_config: Callable[[argparse.Namespace], Config],
    action: str,
    finish: Optional[Callable[[Any], None]] = None,
) -> None:
    """Run a tool; until the first step, errors are taken for the user's.

    A training locks its folder: see :func:`lock_work_dir`.

    Args:
        args (argparse.Namespace): Arguments of the tool.
        make_config (Callable): From these to the complete config.
        action (str): Method of the runner, 'train' or 'test'.
        finish (Callable, optional): Called on the main process with what
            that method returns. Defaults to None.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with ExitStack() as held:
        _run(args, make_config, action, finish, held)


def _run(
    args: argparse.Namespace,
    make_config: Callable[[argparse.Namespace], Config],
    action: str,
    finish: Optional[Callable[[Any], None]],
    held: ExitStack,
) -> None:
    with short_errors(args.traceback):
        chosen = use_processors()
        cfg = make_config(args)
        # Before the runner writes its config there.
        if action == 'train' and launched_rank(cfg.launcher) == 0:
            held.enter_context(lock_work_dir(cfg.work_dir))
        runner = build_runner(cfg)
        runner.logger.info(f'Processors: {chosen}.')
    hook = _StartedHook()
    runner.register_hook(hook)
    with short_errors(args.traceback, active=lambda: not hook.started):
        result = getattr(runner, action)()
    if finish is not None and is_main_process():
        finish(result)
    del runner
    leave_processes()


class _StartedHook(Hook):
    """Notes that the first step is done, so the parts of a config fit."""

    priority = 'HIGHEST'
    started = False

    def _after_iter(self, *args, **kwargs) -> None:
        self.started = True


def build_runner(cfg: Config) -> Runner:
    """Build the runner, on machines with and without accelerators.

    Args:
        cfg (Config): The complete config.

    Returns:
        Runner: The runner.
    """
    # Whatever types the config has, checkpoints are loaded safely.
    use_safe_loading()
    if cfg.launcher != 'none' and not torch.cuda.is_available():
        distribute_on_cpu(cfg)
    cfg.setdefault('default_scope', 'elip_mm')
    build = RUNNERS.build if 'runner_type' in cfg else Runner.from_cfg
    runner = build(cfg)
    shorten_console(runner.logger)
    return runner
