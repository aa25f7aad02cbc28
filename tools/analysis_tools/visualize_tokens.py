# Copyright (c) elip_mm contributors. All rights reserved.
"""Draw which patches of images a trained model keeps under a text.

    python tools/analysis_tools/visualize_tokens.py a.jpg b.jpg \
        --text "a red circle left of a star" CONFIG CHECKPOINT

Each row is an image: first itself, then one picture for each layer that
reduces. Kept patches are clear, merged ones pale, dropped ones dark. The
config is one of this library, or one of mmpretrain with ELIPPruningHook.
"""

import argparse
import logging
import sys
import warnings
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

warnings.filterwarnings('ignore')

import mmcv  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from mmpretrain.structures import DataSample  # noqa: E402
from torch import nn  # noqa: E402

from elip_mm.apis import init_model, token_states  # noqa: E402
from elip_mm.launch.arguments import OptionsAction  # noqa: E402
from elip_mm.launch.user_errors import short_errors  # noqa: E402
from elip_mm.visualization import (  # noqa: E402
    count_tokens,
    draw_token_map,
    restore_images,
    save_token_sheet,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('images', nargs='+', metavar='IMAGE')
    parser.add_argument('config', metavar='CONFIG')
    parser.add_argument('checkpoint', metavar='CHECKPOINT')
    parser.add_argument(
        '--text',
        action='append',
        help='what guides; once for all images, or once for each in order. '
        'Without it, vision alone ranks, if the reducer can.',
    )
    parser.add_argument(
        '--out', type=Path, default=Path('tokens.png'), help='file to write'
    )
    parser.add_argument(
        '--shape',
        type=int,
        nargs=2,
        metavar=('H', 'W'),
        help="height and width for the model; the config's by default",
    )
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    # Images come before the options and the other two after them.
    return parser.parse_intermixed_args()


def load_image(path: str, shape: Tuple[int, int]) -> np.ndarray:
    """Load an image and cut out its middle, blue-green-red as mmcv does."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'there is no image {path}; check the path.')
    image = mmcv.imread(path)
    if image is None:
        raise ValueError(f'{path} is not an image that can be read.')
    scale = max(side / old for side, old in zip(shape, image.shape))
    size = [max(s, round(o * scale)) for s, o in zip(shape, image.shape)]
    image = mmcv.imresize(image, size[::-1], interpolation='bicubic')
    top, left = ((a - b) // 2 for a, b in zip(size, shape))
    return image[top : top + shape[0], left : left + shape[1]]


def pair_texts(
    images: Sequence[str], texts: Optional[Sequence[str]]
) -> List[str]:
    """Give each image its text; an empty one where there is none."""
    texts = texts or ['']
    if len(texts) == 1:
        texts = list(texts) * len(images)
    if len(texts) != len(images):
        raise ValueError(
            f'there are {len(images)} images, but {len(texts)} texts; give '
            'one --text for all, or one for each.'
        )
    return texts


def image_shape(model: nn.Module) -> Tuple[int, int]:
    """Size of the images that the reduced tower was made for."""
    for module in model.modules():
        if hasattr(module, 'reducer'):
            return module.img_size
    raise ValueError(
        f'{type(model).__name__} does not reduce tokens; use a config with a '
        'reducer, or with ELIPPruningHook among its custom_hooks.'
    )


def draw(
    model: nn.Module, path: str, text: str, shape: Tuple[int, int]
) -> np.ndarray:
    """Run one image through the model and draw what became of it."""
    pixels = load_image(path, shape).transpose(2, 0, 1)
    # Each model takes the field it knows.
    sample = DataSample(text=text, question=text)
    data = model.data_preprocessor(
        dict(
            inputs=torch.from_numpy(np.ascontiguousarray(pixels))[None],
            data_samples=[sample],
        )
    )
    images = data.get('images', data.get('inputs'))
    states = token_states(
        model, images, data['data_samples'] if text else None
    )
    last = states[max(states)]
    print(f'{path}: {count_tokens(last)} of {last.num_patches} patches')
    if len({state.tokens.shape[1] for state in states.values()}) == 1:
        if not text and count_tokens(last).kept == last.num_patches:
            print('    nothing was reduced: this reducer wants a --text')
    picture = restore_images(images, model.data_preprocessor)[0]
    return draw_token_map(picture, states, text)


def main() -> None:
    """Draw one row for each image and write the sheet."""
    args = parse_args()
    # Building a model logs a line for each parameter.
    logging.disable(logging.WARNING)
    with short_errors(args.traceback):
        texts = pair_texts(args.images, args.text)
        model = init_model(
            args.config, args.checkpoint, cfg_options=args.cfg_options
        )
        shape = tuple(args.shape or image_shape(model))
        rows = [
            draw(model, path, text, shape)
            for path, text in zip(args.images, texts)
        ]
        print(save_token_sheet(args.out, rows))


if __name__ == '__main__':
    sys.exit(main())
