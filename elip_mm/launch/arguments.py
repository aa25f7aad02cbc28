# Copyright (c) elip_mm contributors. All rights reserved.
"""What the command lines of training and testing share."""

import argparse
from typing import Any, Dict, Optional, Sequence

from mmengine.config import DictAction

__all__ = ['OptionsAction', 'add_common_arguments', 'parse_options']


def parse_options(texts: Sequence[str]) -> Dict[str, Any]:
    """Read what stands behind ``--cfg-options``.

    Args:
        texts (Sequence[str]): ``key=value`` each, as in
            ``train_cfg.max_epochs=3`` or ``model.x=[1,2]``.

    Returns:
        dict[str, Any]: Value by key, for ``Config.merge_from_dict``.

    Raises:
        ValueError: If one is not of this form.
    """
    options = {}
    for text in texts:
        key, equals, value = text.partition('=')
        if not equals or not all(key.split('.')):
            raise ValueError(
                f'--cfg-options takes KEY=VALUE, as in train_cfg.max_epochs=3 '
                f'or model.mask_ratio=0.3, but got {text!r}.'
            )
        try:
            options[key] = DictAction._parse_iterable(value)
        except AssertionError:
            raise ValueError(
                f'--cfg-options: brackets do not match in {text!r}; put a '
                "list into quotes, as in 'a.b=[1,2]'."
            ) from None
    return options


class OptionsAction(argparse.Action):
    """Collects ``key=value``, as mmengine's ``DictAction`` does.

    What is not of this form is an error of the command line.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: Optional[str] = None,
    ) -> None:
        try:
            options = parse_options(values)
        except ValueError as error:
            parser.error(str(error))
        given = getattr(namespace, self.dest, None) or {}
        setattr(namespace, self.dest, {**given, **options})


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
        action=OptionsAction,
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
