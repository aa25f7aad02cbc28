# Copyright (c) elip_mm contributors. All rights reserved.
"""Train, test and measure several recipes and end in one table.

    python -m elip_mm.launch.compare dense=CONFIG elip=CONFIG \\
        --work-dir work_dirs/x

The first recipe is the one that the others are relative to. Finished runs are
not repeated and unfinished ones resume, so the command may be interrupted.
"""

import argparse
import subprocess
import sys
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Iterator, List, Optional, Sequence

from elip_mm.analysis.variants import find_config
from elip_mm.study.estimate import estimate_time
from elip_mm.study.measure_runs import RESULTS, measure_runs
from elip_mm.study.report import write_report
from elip_mm.study.runs import Run, train_and_test
from elip_mm.utils import register_all_modules
from elip_mm.utils.quiet import quiet_logger

from .arguments import parse_options
from .config import read_config
from .user_errors import short_errors
from .work_dir_lock import lock_work_dir


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None, those of
            the process.

    Returns:
        argparse.Namespace: What they say.
    """
    parser = argparse.ArgumentParser(
        prog='python -m elip_mm.launch.compare',
        description=__doc__.split('\n')[0],
    )
    parser.add_argument(
        'recipes',
        nargs='+',
        metavar='NAME=CONFIG',
        help='a config file, or the path of one that ships with elip_mm',
    )
    parser.add_argument('--work-dir', type=Path, required=True)
    parser.add_argument(
        '--batch-size', type=int, default=64, help='pairs of a measured step'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='overrides for all'
    )
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args(argv)


def read_runs(args: argparse.Namespace) -> List[Run]:
    """Turn the command line into runs.

    Args:
        args (argparse.Namespace): The command line.

    Returns:
        list[Run]: One for each recipe.

    Raises:
        ValueError: If it makes no sense.
    """
    runs = {}
    for recipe in args.recipes:
        name, _, config = recipe.partition('=')
        if not config:
            raise ValueError(
                f'{recipe!r} is no recipe of a study; write NAME=CONFIG, the '
                'name being the one in the table.'
            )
        if name in runs:
            raise ValueError(
                f'two recipes are called {name!r}; a name is a row of the '
                'table and a folder, so give them different ones.'
            )
        runs[name] = Run(
            name,
            find_config(config),
            args.work_dir / name,
            tuple(args.cfg_options),
        )
    return list(runs.values())


def main() -> None:
    """Run what is missing, measure, report."""
    args = parse_args()
    with ExitStack() as held:
        with short_errors(args.traceback):
            runs = read_runs(args)
            options = parse_options(args.cfg_options)
            for run in runs:  # rather than after the training of others
                read_config(str(run.config), options)
            held.enter_context(lock_work_dir(args.work_dir))
        _run(args, runs)


def _run(args: argparse.Namespace, runs: List[Run]) -> None:
    waiting = [run for run in runs if not run.done]
    if waiting:
        with quiet_building():
            print(estimate_time(waiting, args.batch_size), flush=True)
    for number, run in enumerate(runs, start=1):
        print(
            f'[{number}/{len(runs)}] {run.name}: training and testing',
            flush=True,
        )
        try:
            if not train_and_test(run):
                print(f'    already done in {run.work_dir}')
        except subprocess.CalledProcessError as error:
            sys.exit(
                f'error: {run.name} came to no end; what {error.cmd[1]} says '
                'about it stands above. The same command goes on from here.'
            )
    print('measuring costs and step times', flush=True)
    with quiet_building():
        results = measure_runs(runs, args.work_dir, args.batch_size)
        write_report(results, args.work_dir)
    print(
        f'report, curves and pictures: {args.work_dir}/report.md, made from '
        f'{RESULTS}'
    )


@contextmanager
def quiet_building() -> Iterator[None]:
    """Build models without their line for each parameter, and warnings."""
    with warnings.catch_warnings(), quiet_logger():
        warnings.filterwarnings('ignore')
        register_all_modules()
        yield


if __name__ == '__main__':
    main()
