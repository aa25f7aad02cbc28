# Copyright (c) elip_mm contributors. All rights reserved.
"""From a complete config to a runner, and what it does."""

import argparse
import signal
from typing import Any, Callable, Optional

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from elip_mm.checkpoint import use_safe_loading

from .console import shorten_console
from .distribute import distribute_on_cpu, leave_processes
from .user_errors import short_errors

__all__ = ['build_runner', 'run_tool']


def run_tool(
    args: argparse.Namespace,
    make_config: Callable[[argparse.Namespace], Config],
    action: str,
    finish: Optional[Callable[[Any], None]] = None,
) -> None:
    """Run a tool; until the first step, errors are taken for the user's.

    Args:
        args (argparse.Namespace): Arguments of the tool.
        make_config (Callable): From these to the complete config.
        action (str): Method of the runner, 'train' or 'test'.
        finish (Callable, optional): Called on the main process with what
            that method returns. Defaults to None.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
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
