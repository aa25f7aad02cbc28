# Copyright (c) elip_mm contributors. All rights reserved.
"""Benchmark token reduction: vision towers, or whole recipes.

    python -m elip_mm.launch.benchmark
    python -m elip_mm.launch.benchmark dense=configs/albef/A.py \\
        elip=configs/albef/B.py
    python -m elip_mm.launch.benchmark dense evit_vit-12layer \\
        --sweep batch=1,2,4,8 --out work_dirs/benchmark

Variants take turns in one process. FLOPs, saved bytes and operators are exact;
times are of this machine. The baseline is the first variant, which uses fused
attention like all others but `naive`.
"""

import argparse
import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import torch

from elip_mm.analysis.benchmark_report import write_benchmark
from elip_mm.analysis.measure import Measurement, measure
from elip_mm.analysis.timing import choose_clock
from elip_mm.analysis.variants import Variant, find_variants, make_workload_of
from elip_mm.analysis.workload import Tower
from elip_mm.utils import register_all_modules

from .arguments import OptionsAction
from .user_errors import short_errors

VARIANTS = ('dense', 'elip_vit-12layer', 'elip-lite_vit-12layer', 'naive')
SWEPT = ('batch', 'img-size', 'keep_ratio')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None, those of
            the process.

    Returns:
        argparse.Namespace: What they say.
    """
    parser = argparse.ArgumentParser(
        prog='python -m elip_mm.launch.benchmark',
        description=__doc__.split('\n')[0],
    )
    parser.add_argument(
        'variants',
        nargs='*',
        default=list(VARIANTS),
        help='dense, naive, a file of configs/_base_/reducers, PATH or '
        'NAME=PATH of a config with `reducer` or of a recipe; the first is '
        'the baseline',
    )
    _add_sizes(parser)
    parser.add_argument('--mode', choices=['train', 'infer'], default='train')
    parser.add_argument(
        '--rounds', type=int, default=9, help='timed rounds; 0 counts only'
    )
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--checkpointing', action='store_true')
    parser.add_argument('--device', default='cpu', help='cpu, cuda or meta')
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/benchmark')
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionsAction,
        help='changes to all recipes; in --mode infer they reduce only with '
        'model.reduce_at_test=True, and ELIP besides only with '
        'model.vision_backbone.reducer.without_guidance=vision',
    )
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args(argv)


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--arch', default='base', help='of a tower')
    parser.add_argument(
        '--img-size',
        type=int,
        nargs='+',
        help='224 for a tower; a recipe has its own',
    )
    parser.add_argument('--patch-size', type=int, default=16)
    parser.add_argument('--batch', type=int, default=8)
    parser.add_argument(
        '--sweep',
        help='batch=1,2,4 or img-size=112,224 or keep_ratio=0.7,0.4',
    )


def settings_of(
    args: argparse.Namespace,
) -> List[Tuple[str, Tower, Optional[float]]]:
    """What is swept.

    Args:
        args (argparse.Namespace): The command line.

    Returns:
        list[tuple]: Label, sizes and, if it is swept, the keep ratio.
    """
    size = args.img_size
    if size is not None and len(size) == 1:
        size = size[0]
    tower = Tower(args.arch, size, args.patch_size, args.batch)
    if not args.sweep:
        return [(f'batch={args.batch}', tower, None)]
    key, _, values = args.sweep.partition('=')
    if key not in SWEPT:
        raise ValueError(
            f'--sweep takes one of {", ".join(SWEPT)} and values, as in '
            f'batch=1,2,4, but got {args.sweep!r}.'
        )
    settings = []
    for value in values.split(','):
        swept, keep_ratio = tower, None
        if key == 'batch':
            swept = replace(tower, batch_size=int(value))
        elif key == 'img-size':
            swept = replace(tower, img_size=int(value))
        else:
            keep_ratio = float(value)
        settings.append((f'{key}={value}', swept, keep_ratio))
    return settings


def run(args: argparse.Namespace) -> None:
    """Measure and report.

    Args:
        args (argparse.Namespace): The command line.
    """
    variants = find_variants(args.variants)
    recipes = variants[0].recipe is not None
    for variant in variants:
        if variant.recipe is not None and args.cfg_options:
            variant.recipe.merge_from_dict(args.cfg_options)
    if recipes and args.device == 'meta':
        raise ValueError(
            'recipes decide by values, such as which words are hidden, and '
            'need a real device; count on the CPU with --rounds 0.'
        )
    if args.img_size is None and not recipes:
        args.img_size = [224]
    results = measure_settings(args, variants)
    write_benchmark(results, make_title(args, recipes), args.out)


def measure_settings(
    args: argparse.Namespace, variants: Sequence[Variant]
) -> Dict[str, List[Measurement]]:
    """Measure all variants in every setting.

    Args:
        args (argparse.Namespace): The command line.
        variants (Sequence[Variant]): The baseline first.

    Returns:
        dict[str, list[Measurement]]: By label of the setting.
    """
    clock = choose_clock(args.threads, args.device)
    rounds = 0 if args.device == 'meta' else args.rounds
    results = {}
    for label, tower, keep_ratio in settings_of(args):
        print(f'measuring {label} ...', flush=True)
        workloads = [
            make_workload_of(
                variant,
                tower,
                keep_ratio,
                train=args.mode == 'train',
                with_cp=args.checkpointing and bool(index),
                device=args.device,
            )
            for index, variant in enumerate(variants)
        ]
        results[label] = measure(workloads, rounds, clock)
    return results


def make_title(args: argparse.Namespace, recipes: bool) -> str:
    """Say what was measured.

    Args:
        args (argparse.Namespace): The command line.
        recipes (bool): Whether whole recipes were.

    Returns:
        str: Title of table and plot.
    """
    what = 'whole steps' if recipes else f'ViT {args.arch}/{args.patch_size}'
    swept = (args.sweep or '').partition('=')[0]
    if args.img_size and swept != 'img-size':
        what += f', {"x".join(map(str, args.img_size))} px'
    if swept != 'batch':
        what += f', batch {args.batch}'
    return (
        f'{what}, {args.mode}, {args.threads} thread(s), '
        f'torch {torch.__version__}'
    )


def main() -> None:
    """Prepare, and turn mistakes into short messages."""
    args = parse_args()
    warnings.filterwarnings('ignore')
    logging.disable(logging.INFO)
    torch.set_num_threads(args.threads)
    register_all_modules()
    with short_errors(args.traceback):
        run(args)


if __name__ == '__main__':
    main()
