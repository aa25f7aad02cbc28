# Copyright (c) elip_mm contributors. All rights reserved.
"""Show where the time of a training step goes, part by part.

    python tools/analysis_tools/profile_step.py configs/albef/A.py --batch 8

Data and weights are made up. For the rate of the data pipeline see
benchmark_data.py.
"""

import argparse
import logging
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from elip_mm.analysis.step_parts import measure_parts
from elip_mm.analysis.tables import print_table
from elip_mm.launch.arguments import OptionsAction
from elip_mm.launch.config import read_config
from elip_mm.launch.user_errors import short_errors
from elip_mm.utils import register_all_modules


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config')
    parser.add_argument(
        '--batch', type=int, help="default: the recipe's batch size"
    )
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args()


def main() -> None:
    """Measure and print a table."""
    args = parse_args()
    warnings.filterwarnings('ignore')
    logging.disable(logging.INFO)
    torch.set_num_threads(args.threads)
    register_all_modules()
    with short_errors(args.traceback):
        cfg = read_config(args.config, args.cfg_options)
        parts = measure_parts(cfg, args.batch, args.rounds)
    whole = sum(parts.values())
    cells = [['part', 'ms', 'share']]
    for name, seconds in parts.items():
        cells.append([name, f'{1e3 * seconds:.1f}', f'{seconds / whole:.1%}'])
    cells.append(['whole step', f'{1e3 * whole:.1f}', ''])
    print_table(cells, Path(args.config).stem, width=90)


if __name__ == '__main__':
    main()
