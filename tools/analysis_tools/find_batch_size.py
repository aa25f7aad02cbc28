# Copyright (c) elip_mm contributors. All rights reserved.
"""Find the largest batch of a recipe for a memory budget.

    python tools/analysis_tools/find_batch_size.py CONFIG --memory 24GB
    python tools/analysis_tools/find_batch_size.py DENSE ELIP --memory 24GB
    python tools/analysis_tools/find_batch_size.py CONFIG --memory 24GB \\
        --apply work_dirs/larger_batch.py

On a GPU whole steps are tried. On a CPU the need is predicted from two small
batches: what a step stores is affine in the batch (the logits of a contrast,
which are not, are measured by themselves). Images and words are made up;
neither data nor vocabulary files are read. All figures are for one process.
"""

import argparse
import logging
import re
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Optional, Tuple

warnings.filterwarnings('ignore')
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.fileio import dump  # noqa: E402

from elip_mm.analysis.batch_size_apply import (  # noqa: E402
    batch_options,
    write_recipe,
)
from elip_mm.analysis.batch_size_search import find_on_gpu  # noqa: E402
from elip_mm.analysis.memory_model import predict_memory  # noqa: E402
from elip_mm.launch.arguments import OptionsAction  # noqa: E402
from elip_mm.launch.config import read_config  # noqa: E402
from elip_mm.launch.user_errors import short_errors  # noqa: E402
from elip_mm.utils import register_all_modules  # noqa: E402

UNITS = {'K': 1, 'M': 2, 'G': 3, 'T': 4}


def read_bytes(text: str) -> int:
    """Read an amount of memory such as 24GB (1000s) or 24GiB (1024s)."""
    match = re.fullmatch(r'([\d.]+)\s*([KMGT]?)(i?)B?', text.strip(), re.I)
    if not match:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no amount of memory; write 24GB or 22.5GiB.'
        )
    number, unit, binary = match.groups()
    power = UNITS[unit.upper()] if unit else 0
    return round(float(number) * (1024 if binary else 1000) ** power)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        'configs', nargs='+', help='with several, the first is the baseline'
    )
    parser.add_argument(
        '--memory',
        type=read_bytes,
        required=True,
        help='of one device: 24GB, 22.5GiB',
    )
    parser.add_argument(
        '--reserve',
        type=float,
        default=0.08,
        help='share of it left to libraries and fragmentation when '
        'predicting; default 0.08',
    )
    parser.add_argument(
        '--device',
        default='cuda' if torch.cuda.is_available() else 'cpu',
        help='cuda tries, cpu predicts',
    )
    parser.add_argument(
        '--batches',
        type=int,
        nargs=2,
        default=(2, 4),
        help='the two batches a prediction is made from; default 2 4',
    )
    parser.add_argument(
        '--world-size', type=int, default=1, help='processes of the run'
    )
    parser.add_argument(
        '--apply',
        type=Path,
        nargs='?',
        const=True,
        metavar='FILE',
        help='write a config that inherits the last one, with this batch and '
        'a learning rate to match; without FILE, print the options for '
        'tools/train.py',
    )
    parser.add_argument('--out', type=Path, help='write the figures as JSON')
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args()


def find(cfg: Config, args: argparse.Namespace) -> Tuple[int, Optional[dict]]:
    """Largest batch of one config and, if it was predicted, from what."""
    if torch.device(args.device).type != 'cpu':
        batch = find_on_gpu(cfg, args.memory, args.device)
        if batch < 1:
            raise ValueError('not even a batch of 1 fits; give more --memory.')
        return batch, None
    model = predict_memory(cfg, args.batches, args.world_size)
    batch = model.largest_batch(round(args.memory * (1 - args.reserve)))
    figures = dict(asdict(model), bytes=model.bytes_at(batch))
    return batch, figures


def describe(name: str, batch: int, figures: Optional[dict]) -> str:
    """The result of one config in words."""
    if figures is None:
        return f'{name}\n  batch {batch} (tried)'
    slope, kept = figures['towers'][1], figures['saved'][1]
    return (
        f'{name}\n  batch {batch} (predicted), {figures["bytes"] / 1e9:.2f} '
        f'GB: {figures["fixed"] / 1e9:.2f} GB of parameters, gradients and '
        f'optimiser states,\n  then {slope / 1e6:.2f} MB per pair, of which '
        f'{kept / 1e6:.2f} MB are saved activations, and '
        f'{figures["head"][2]:.0f} bytes times the square of the batch'
    )


def main() -> None:
    """Find the batch of every config."""
    args = parse_args()
    logging.disable(logging.INFO)
    register_all_modules()
    results = {}
    with short_errors(args.traceback):
        if not 0 <= args.reserve < 1:
            raise ValueError(f'--reserve is a share, but got {args.reserve}.')
        for path in args.configs:
            cfg = read_config(path, args.cfg_options)
            batch, figures = find(cfg, args)
            results[path] = dict(batch_size=batch, **(figures or {}))
            print(describe(Path(path).stem, batch, figures), flush=True)
        first = results[args.configs[0]]['batch_size']
        for path in args.configs[1:]:
            ratio = results[path]['batch_size'] / first
            print(f'{Path(path).stem}: {ratio:.2f} times the first batch')
        if args.apply is True:
            print('\n' + batch_options(cfg, batch, args.world_size))
        elif args.apply:
            write_recipe(args.apply, path, cfg, batch, args.world_size)
            print(f'\nwrote {args.apply}')
        if args.out:
            args.out.parent.mkdir(parents=True, exist_ok=True)
            dump(results, str(args.out), indent=1)


if __name__ == '__main__':
    main()
