# Copyright (c) elip_mm contributors. All rights reserved.
"""Evaluate a model: ``python tools/test.py CONFIG CHECKPOINT``."""

import argparse
import signal

if __name__ == '__main__':
    # Ctrl-C while libraries are imported just ends the tool; `run_tool` takes
    # over from there. One that is ignored, as under nohup, stays so.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

from mmengine.config import Config
from mmengine.fileio import dump

from elip_mm.launch import (
    add_common_arguments,
    check_checkpoint_path,
    load_config,
    run_tool,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Evaluate a model.')
    parser.add_argument('config', help='path of the config')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('--out', help='write the metrics to this .json file')
    parser.add_argument(
        '--dump', help='write all predictions to this .pkl file'
    )
    parser.add_argument(
        '--show',
        action='store_true',
        help='show drawings of predictions in a window',
    )
    parser.add_argument(
        '--show-dir', help='write drawings of predictions to this folder'
    )
    parser.add_argument(
        '--interval', type=int, help='draw every n-th sample; default 1'
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        help='seconds for which a window stays; default 2',
    )
    add_common_arguments(parser)
    args = parser.parse_args()
    _check_drawing(parser, args)
    return args


def _check_drawing(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    """Refuse what would have no effect."""
    if args.interval is not None:
        if not args.show and args.show_dir is None:
            parser.error(
                '--interval does nothing without --show or --show-dir.'
            )
        if args.interval < 1:
            parser.error(f'--interval starts at 1, but got {args.interval}.')
    if args.wait_time is not None and not args.show:
        parser.error('--wait-time does nothing without --show.')


def make_config(args: argparse.Namespace) -> Config:
    """Put the config of this run together."""
    for path, suffix, option in (
        (args.out, '.json', '--out'),
        (args.dump, '.pkl', '--dump'),
    ):
        if path is not None and not path.endswith(suffix):
            raise ValueError(
                f'{option} writes a {suffix} file, but got the '
                f'name {path}; give it that ending.'
            )
    check_checkpoint_path(args.checkpoint, 'the tool')
    cfg = load_config(args)
    if cfg.get('test_dataloader') is None:
        raise ValueError(
            f'{args.config} has no test_dataloader, so there is '
            'nothing to test on.'
        )
    cfg.load_from, cfg.resume, cfg.load_strict = args.checkpoint, False, True
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.dump is not None:
        dumper = dict(type='elip_mm.DumpPredictions', out_file_path=args.dump)
        metrics = cfg.test_evaluator
        metrics = (
            list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
        )
        cfg.test_evaluator = [*metrics, dumper]
    if args.show or args.show_dir is not None:
        draw_predictions(cfg, args)
    return cfg


def draw_predictions(cfg: Config, args: argparse.Namespace) -> None:
    """Switch the drawing hook on."""
    hook = cfg.get('default_hooks', {}).get('visualization')
    if hook is None:
        raise ValueError(
            f'{args.config} has no default_hooks.visualization, which is what '
            'draws for --show and --show-dir; see _base_/default_runtime.py.'
        )
    hook.update(
        enable=True,
        show=args.show,
        out_dir=args.show_dir,
        interval=args.interval or 1,
    )
    if args.show:
        hook.wait_time = 2 if args.wait_time is None else args.wait_time


def main() -> None:
    """Test."""
    args = parse_args()

    def write(metrics: dict) -> None:
        if args.out is not None:
            numbers = {key: float(value) for key, value in metrics.items()}
            dump(numbers, args.out, indent=2)

    run_tool(args, make_config, 'test', finish=write)


if __name__ == '__main__':
    main()
