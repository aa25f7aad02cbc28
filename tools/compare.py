# Copyright (c) elip_mm contributors. All rights reserved.
"""Train, test and measure several recipes and end in one table.

    python tools/compare.py dense=CONFIG elip=CONFIG --work-dir work_dirs/x

The first recipe is the one that the others are relative to. Finished runs are
not repeated and unfinished ones resume, so the command may be interrupted.
"""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from mmengine.logging import MMLogger

from elip_mm.study import (
    Run,
    measure_costs,
    read_result,
    time_steps,
    train_and_test,
    write_report,
)
from elip_mm.study.pictures import draw_kept
from elip_mm.utils import register_all_modules


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('recipes', nargs='+', metavar='NAME=CONFIG')
    parser.add_argument('--work-dir', type=Path, required=True)
    parser.add_argument(
        '--batch-size', type=int, default=64, help='pairs of a measured step'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='overrides for all'
    )
    return parser.parse_args()


def read_runs(args: argparse.Namespace) -> list:
    """Turn the command line into runs; raise if it makes no sense."""
    runs = []
    for recipe in args.recipes:
        name, _, config = recipe.partition('=')
        if not Path(config).is_file():
            raise SystemExit(
                f'error: {recipe!r}: expected NAME=CONFIG with '
                'an existing config file.'
            )
        runs.append(
            Run(
                name,
                Path(config),
                args.work_dir / name,
                tuple(args.cfg_options),
            )
        )
    return runs


def main() -> None:
    """Run what is missing, measure, report."""
    args = parse_args()
    runs = read_runs(args)
    for number, run in enumerate(runs, start=1):
        print(
            f'[{number}/{len(runs)}] {run.name}: training and testing',
            flush=True,
        )
        if not train_and_test(run):
            print(f'    already done in {run.work_dir}')
    print('measuring costs and step times', flush=True)
    warnings.filterwarnings('ignore')
    register_all_modules()
    # Building a model logs a line for each parameter.
    MMLogger.get_current_instance().setLevel('WARNING')
    recipes = {run.name: run.load_config() for run in runs}
    times = time_steps(recipes, args.batch_size)
    results = [
        read_result(
            run,
            measure_costs(recipes[run.name], run.checkpoint, args.batch_size),
            times[run.name],
        )
        for run in runs
    ]
    pictures = draw_kept(runs, args.work_dir)
    write_report(results, args.work_dir, pictures)
    print(f'report, curves and pictures: {args.work_dir}/report.md')


if __name__ == '__main__':
    main()
