# Copyright (c) elip_mm contributors. All rights reserved.
"""Train a model: ``python tools/train.py CONFIG``."""

import argparse
import signal
from typing import Optional

if __name__ == '__main__':
    # Ctrl-C while libraries are imported just ends the tool; `run_tool` takes
    # over from there. One that is ignored, as under nohup, stays so.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

from mmengine.config import Config

from elip_mm.checkpoint import find_resumable_checkpoint
from elip_mm.launch import (
    add_common_arguments,
    check_checkpoint_path,
    load_config,
    run_tool,
    use_mixed_precision,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Train a model.')
    parser.add_argument('config', help='path of the config')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from this checkpoint; without a path, from the newest one '
        'in the work folder, or from the start if there is none',
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='no validation during the training',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the batch size',
    )
    add_common_arguments(parser)
    parser.add_argument(
        '--amp-dtype',
        choices=['float16', 'bfloat16'],
        help='the type that --amp computes in',
    )
    args = parser.parse_args()
    if args.amp_dtype is not None and not args.amp:
        parser.error('--amp-dtype does nothing without --amp; give both.')
    return args


def make_config(args: argparse.Namespace) -> Config:
    """Put the config of this run together."""
    cfg = load_config(args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        use_mixed_precision(cfg, args)
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise ValueError(
                '--auto-scale-lr needs to know the batch size that the '
                'learning rate was tuned for; add auto_scale_lr='
                'dict(base_batch_size=...) to the config.'
            )
        cfg.auto_scale_lr.enable = True
    choose_checkpoint(cfg, args.resume)
    return cfg


def choose_checkpoint(cfg: Config, resume: Optional[str] = None) -> None:
    """Find the checkpoint to resume from, if any."""
    if resume not in (None, 'auto'):
        cfg.resume, cfg.load_from = True, resume
    elif resume == 'auto':
        cfg.resume, cfg.load_from = True, None
    if cfg.get('resume') and cfg.get('load_from') is None:
        cfg.load_from = find_resumable_checkpoint(cfg.work_dir)
        if cfg.load_from is None:
            print(
                f'There is no whole checkpoint in {cfg.work_dir} to resume '
                'from; training starts from the beginning.'
            )
            cfg.resume = False
    if cfg.get('load_from'):
        check_checkpoint_path(cfg.load_from, '--resume or load_from')


def main() -> None:
    """Train."""
    run_tool(parse_args(), make_config, 'train')


if __name__ == '__main__':
    main()
