# Copyright (c) elip_mm contributors. All rights reserved.
"""Benchmark token reduction in a vision tower against the plain tower.

    python tools/analysis_tools/benchmark.py
    python tools/analysis_tools/benchmark.py dense evit_vit-12layer \\
        --sweep batch=1,2,4,8 --out work_dirs/benchmark

Variants take turns in one process. FLOPs, saved bytes and operators are exact;
times are of this machine. The baseline is the first variant, which uses fused
attention like all others but `research`.
"""

import argparse
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from elip_mm.benchmark import Tower, make_workload, measure
from elip_mm.benchmark.report import write_benchmark
from elip_mm.benchmark.variants import find_variant, scale_keep

FIELDS = {'batch': 'batch_size', 'img-size': 'img_size'}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        'variants',
        nargs='*',
        default=[
            'dense',
            'elip_vit-12layer',
            'elip-lite_vit-12layer',
            'research',
        ],
        help='dense, research, a file of configs/_base_/reducers, NAME=PATH',
    )
    parser.add_argument('--arch', default='base')
    parser.add_argument('--img-size', type=int, nargs='+', default=[224])
    parser.add_argument('--patch-size', type=int, default=16)
    parser.add_argument('--batch', type=int, default=8)
    parser.add_argument('--mode', choices=['train', 'infer'], default='train')
    parser.add_argument(
        '--sweep', help='batch=1,2,4 or img-size=112,224 or keep=0.7,0.4'
    )
    parser.add_argument(
        '--rounds', type=int, default=9, help='timed rounds; 0 counts only'
    )
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--checkpointing', action='store_true')
    parser.add_argument('--device', default='cpu', help='cpu, cuda or meta')
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/benchmark')
    )
    return parser.parse_args()


def settings_of(args: argparse.Namespace) -> list:
    """Towers and keep shares to visit: ``(label, tower, keep)``."""
    size = args.img_size[0] if len(args.img_size) == 1 else args.img_size
    tower = Tower(args.arch, size, args.patch_size, args.batch)
    if not args.sweep:
        return [(f'batch={args.batch}', tower, None)]
    key, _, values = args.sweep.partition('=')
    if key == 'keep':
        return [(f'keep={v}', tower, float(v)) for v in values.split(',')]
    if key not in FIELDS:
        raise SystemExit(
            f'error: --sweep takes one of {[*FIELDS, "keep"]} '
            f'and values, but got {args.sweep!r}.'
        )
    return [
        (f'{key}={value}', replace(tower, **{FIELDS[key]: int(value)}), None)
        for value in values.split(',')
    ]


def main() -> None:
    """Measure and report."""
    args = parse_args()
    warnings.filterwarnings('ignore')
    torch.set_num_threads(args.threads)
    variants = [find_variant(text) for text in args.variants]
    one_thread = args.threads == 1 and args.device == 'cpu'
    clock = time.process_time if one_thread else time.perf_counter
    rounds = 0 if args.device == 'meta' else args.rounds
    results = {}
    for label, tower, keep in settings_of(args):
        print(f'measuring {label} ...', flush=True)
        workloads = [
            make_workload(
                variant.name,
                tower,
                variant.reducer
                if keep is None
                else scale_keep(variant.reducer, keep),
                train=args.mode == 'train',
                research_style=variant.research_style,
                with_cp=args.checkpointing and bool(index),
                device=args.device,
            )
            for index, variant in enumerate(variants)
        ]
        results[label] = measure(workloads, rounds, clock)
    size = 'x'.join(map(str, args.img_size))
    title = (
        f'ViT {args.arch}/{args.patch_size}, {size} px, batch '
        f'{args.batch}, {args.mode}, {args.threads} thread(s), torch '
        f'{torch.__version__}'
    )
    write_benchmark(results, title, args.out)


if __name__ == '__main__':
    main()
