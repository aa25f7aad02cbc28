# Copyright (c) elip_mm contributors. All rights reserved.
"""What the command lines of training and testing share."""

import argparse

from mmengine.config import DictAction

__all__ = ['add_common_arguments']


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
