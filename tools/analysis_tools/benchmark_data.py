# Copyright (c) elip_mm contributors. All rights reserved.
"""Compare what the data pipeline of recipes delivers with what they use.

    python tools/analysis_tools/benchmark_data.py configs/clip/A.py B.py

A ratio below 1 means that training waits for data; more workers
(`train_dataloader.num_workers`) or a cheaper pipeline help.
"""

import argparse
import logging
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from elip_mm.analysis.data_rate import measure_pipeline
from elip_mm.analysis.tables import print_table
from elip_mm.launch.arguments import OptionsAction
from elip_mm.launch.config import read_config
from elip_mm.launch.user_errors import short_errors
from elip_mm.utils import register_all_modules


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--batches', type=int, default=30, help='to time')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args()


def main() -> None:
    """Measure each recipe and print a table."""
    args = parse_args()
    warnings.filterwarnings('ignore')
    logging.disable(logging.INFO)
    torch.set_num_threads(args.threads)
    register_all_modules()
    cells = [['recipe', 'delivers', 'uses', 'ratio']]
    with short_errors(args.traceback):
        for path in args.configs:
            cfg = read_config(path, args.cfg_options)
            rate = measure_pipeline(cfg, args.batches, args.device)
            cells.append(
                [
                    Path(path).stem,
                    f'{rate.delivered:.0f} pairs/s',
                    f'{rate.consumed:.0f} pairs/s',
                    f'{rate.ratio:.1f}',
                ]
            )
    print_table(cells, width=110)


if __name__ == '__main__':
    main()
