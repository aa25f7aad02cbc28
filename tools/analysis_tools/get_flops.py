# Copyright (c) elip_mm contributors. All rights reserved.
"""Count the arithmetic of a recipe's vision tower, stage by stage.

    python tools/analysis_tools/get_flops.py CONFIG [--shape H W]

Works on configs of this library and of mmpretrain, with or without
ELIPPruningHook. Attention and look-ahead are counted, two FLOPs for a
multiply-add; norms, softmax and the movement of tokens are not.
"""

import argparse
import logging
import warnings
from typing import List

warnings.filterwarnings('ignore')


from elip_mm.analysis.tower_costs import (  # noqa: E402
    TowerCosts,
    count_tower,
    find_tower_configs,
    is_frozen,
)
from elip_mm.launch.arguments import OptionsAction  # noqa: E402
from elip_mm.launch.config import read_config  # noqa: E402
from elip_mm.launch.user_errors import short_errors  # noqa: E402


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config')
    parser.add_argument(
        '--shape',
        type=int,
        nargs=2,
        metavar=('H', 'W'),
        help="height and width of the image; the config's by default",
    )
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args()


def format_costs(costs: TowerCosts, plain: TowerCosts) -> List[str]:
    """Write the counts as a table.

    Args:
        costs (TowerCosts): Of the tower as configured.
        plain (TowerCosts): Of the same tower without reduction.

    Returns:
        list[str]: Lines.
    """
    unit, name = (1e9, 'GFLOPs') if plain.forward > 1e9 else (1e6, 'MFLOPs')

    def show(flops: int) -> str:
        number = flops / unit
        return f'{number:7.3f}' if number < 10 else f'{number:7.2f}'

    lines = [
        f'  layers  tokens | forward  look-ahead |   in training  ({name})',
        f'   embed         | {show(costs.embedding)}'
        f'  {"":10} | {show(costs.training_embedding):>13}',
    ]
    for stage in costs.stages:
        first, last = stage.layers[0], stage.layers[-1]
        span = f'{first}' if first == last else f'{first}-{last}'
        ahead = show(stage.look_ahead) if stage.look_ahead else ''
        lines.append(
            f'{span:>8}  {stage.tokens:>6} | {show(stage.forward)}'
            f'  {ahead:>10} | {show(stage.all_training):>13}'
        )
    own = costs.forward - costs.look_ahead
    lines += [
        f'   total         | {show(own)}  {show(costs.look_ahead):>10} |'
        f' {show(costs.training):>13}',
        '',
        f'one image forward:      {show(costs.forward).strip()} {name}, '
        f'{costs.forward / plain.forward:.3f} of the plain tower',
        f'in a training step:     {show(costs.training).strip()} {name}, '
        f'{costs.training / plain.training:.3f} of the plain tower',
        f'look-ahead:             {costs.look_ahead / costs.training:.1%} of '
        'a training step',
        f'tokens entering layers: {" ".join(map(str, costs.entered))}',
        f'tokens leaving layers:  {" ".join(map(str, costs.left))}',
    ]
    return lines


def main() -> None:
    """Count every vision tower of the config."""
    args = parse_args()
    # Building a tower is of no interest here.
    logging.disable(logging.INFO)
    with short_errors(args.traceback):
        cfg = read_config(args.config, args.cfg_options)
        scope = cfg.get('default_scope', 'elip_mm')
        for path, tower in find_tower_configs(cfg).items():
            shape = args.shape and tuple(args.shape)
            trained = not is_frozen(cfg, path)
            costs, plain = (
                count_tower(tower, shape, reduce, scope, trained)
                for reduce in (True, False)
            )
            reducer = tower.get('reducer') or dict(type='none')
            frozen = '' if trained else ', frozen: no backward pass'
            print(f'{path} (reducer: {reducer["type"]}{frozen}), one image\n')
            print('\n'.join(format_costs(costs, plain)))


if __name__ == '__main__':
    main()
