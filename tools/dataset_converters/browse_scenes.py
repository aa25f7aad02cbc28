# Copyright (c) elip_mm contributors. All rights reserved.
"""Write a contact sheet of drawn scenes with their captions.

python tools/dataset_converters/browse_scenes.py --level easy --out easy.png
"""

import argparse
import textwrap
from pathlib import Path
from typing import Sequence

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from elip_mm.datasets.synthetic_scenes import (
    LEVELS,
    SyntheticScenes,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--level',
        nargs='+',
        default=['easy'],
        choices=sorted(LEVELS),
        help='one row of pictures per level',
    )
    parser.add_argument(
        '--split', default='val', choices=['train', 'val', 'test']
    )
    parser.add_argument('--image-size', type=int, default=128)
    parser.add_argument('--columns', type=int, default=4)
    parser.add_argument(
        '--first', type=int, default=0, help='number of the first scene'
    )
    parser.add_argument('--out', type=Path, required=True)
    return parser.parse_args()


def draw_sample(axes, sample: dict, title: str) -> None:
    """Show a scene, its caption, and a frame around what it mentions."""
    axes.imshow(sample['img'][..., ::-1], interpolation='nearest')
    axes.set_xticks([])
    axes.set_yticks([])
    for box, mentioned in zip(sample['boxes'], sample['mentioned']):
        left, top, right, bottom = box - 0.5  # imshow counts from the centre
        axes.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                fill=False,
                lw=1.6 if mentioned else 1.0,
                ls='-' if mentioned else ':',
                ec='white' if mentioned else 'black',
            )
        )
    axes.set_title(title, fontsize=7, loc='left', pad=3)
    axes.set_xlabel(
        textwrap.fill(sample['text'], 36), fontsize=7.5, loc='left'
    )


def write_sheet(
    levels: Sequence[str],
    split: str,
    image_size: int,
    columns: int,
    first: int,
    out: Path,
) -> None:
    """Draw one row per level and save the sheet."""
    figure, rows = plt.subplots(
        len(levels),
        columns,
        squeeze=False,
        layout='constrained',
        figsize=(2.3 * columns, 3.0 * len(levels)),
    )
    for level, row in zip(levels, rows):
        scenes = SyntheticScenes(
            level=level,
            split=split,
            num_scenes=first + columns,
            image_size=image_size,
        )
        for number, axes in enumerate(row, first):
            sample = scenes[number]
            label = scenes.metainfo['classes'][sample['gt_label']]
            draw_sample(axes, sample, f'{level} {number}: {label}')
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=84)
    plt.close(figure)


if __name__ == '__main__':
    write_sheet(
        **{
            ('levels' if name == 'level' else name): value
            for name, value in vars(parse_args()).items()
        }
    )
