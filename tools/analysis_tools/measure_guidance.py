# Copyright (c) elip_mm contributors. All rights reserved.
"""Measure how much of a reduction depends on the caption.

    python tools/analysis_tools/measure_guidance.py CONFIG [--seeds 3]

The model is built untrained, or with --checkpoint; images and captions are
random. Every image is encoded under its own caption and again under another
one of the batch, and the patches that the first stage merges are compared:
0 % means that the text has no effect, and that the reduction is one by vision
alone. --guidance-scale overrides the recipe's.
"""

import argparse
import copy
import logging
import warnings
from dataclasses import replace
from functools import partial
from typing import List, Tuple

warnings.filterwarnings('ignore')

import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from elip_mm.apis.model import build_model, load_weights  # noqa: E402
from elip_mm.launch.arguments import OptionsAction  # noqa: E402
from elip_mm.launch.config import read_config  # noqa: E402
from elip_mm.launch.user_errors import short_errors  # noqa: E402
from elip_mm.structures import Hints, LayerView  # noqa: E402
from elip_mm.utils import register_all_modules  # noqa: E402


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config')
    parser.add_argument('--checkpoint', help='trained weights, .pth')
    parser.add_argument(
        '--guidance-scale', choices=('as_is', 'match_cls'), nargs='+'
    )
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args()


def draw_batch(
    model: nn.Module, cfg: Config, batch: int, seed: int
) -> Tuple[Tensor, Tensor]:
    """Draw random images and captions of 5 to 20 words.

    Args:
        model (nn.Module): Its text encoder says which words there are.
        cfg (Config): The recipe; it says how large an image is.
        batch (int): Number of pairs.
        seed (int): Seed of the draw.

    Returns:
        tuple[Tensor, Tensor]: Images ``(B, 3, H, W)`` and ids ``(B, L)``.
    """
    draw = torch.Generator().manual_seed(seed)
    height, width = model.vision_backbone.img_size
    images = torch.randn(batch, 3, height, width, generator=draw)
    encoder = model.text_encoder
    most = min(22, encoder.context_length)
    ids = torch.randint(
        1, encoder.vocab_size - 1, (batch, most), generator=draw
    )
    # CLIP reads a text at its end, which has the largest number of all.
    end = torch.randint(6, most, (batch, 1), generator=draw)
    place = torch.arange(most)
    ids[place == end] = encoder.vocab_size - 1
    ids[place > end] = 0
    return images, ids


@torch.no_grad()
def changed_share(model: nn.Module, images: Tensor, ids: Tensor) -> float:
    """Share of the first stage's merged patches that another caption changes.

    Args:
        model (nn.Module): A pre-trainer whose reducer is an ``ELIPReducer``.
        images (Tensor): Shape ``(B, 3, H, W)``.
        ids (Tensor): Token ids, shape ``(B, L)``.

    Returns:
        float: Mean over the images, in [0, 1].
    """
    backbone = model.vision_backbone
    layer = backbone.reducer.stages[0].layer
    state = backbone.embed(images)
    for index in range(layer):  # what comes later does not matter
        state = state.with_tokens(backbone.layers[index](state.tokens)[0])
    guidance = model.guide(model.encode_text(ids))
    own, other = (
        merged_tokens(backbone, LayerView(layer, state, Hints(guidance=text)))
        for text in (guidance, guidance.roll(1, dims=0))
    )
    return (1 - (own & other).sum() / own.sum()).item()


def merged_tokens(backbone: nn.Module, view: LayerView) -> Tensor:
    """Tokens that the stage at a view merges, bool ``(B, N)``."""
    plan = backbone.reducer.before_layer(
        replace(view, look_ahead=partial(backbone.look_ahead, view.index))
    )
    if plan is None:
        raise ValueError(
            'measure_guidance: the first stage of the recipe merges nothing; '
            'lower its keep.'
        )
    return plan.target == plan.num_tokens - 1


def measure(cfg: Config, args: argparse.Namespace) -> List[float]:
    """Shares of all seeds.

    Args:
        cfg (Config): The recipe.
        args (argparse.Namespace): Command line.

    Returns:
        list[float]: One share a seed.
    """
    shares = []
    for seed in range(args.seeds):
        recipe = copy.deepcopy(cfg)
        recipe.randomness = dict(seed=seed)
        model = build_model(recipe, offline=True).eval()
        if args.checkpoint is not None:
            load_weights(model, args.checkpoint)
        images, ids = draw_batch(model, cfg, args.batch_size, seed)
        shares.append(changed_share(model, images, ids))
    return shares


def main() -> None:
    """Measure and print."""
    args = parse_args()
    logging.disable(logging.WARNING)
    register_all_modules()
    with short_errors(args.traceback):
        cfg = read_config(args.config, args.cfg_options)
        reducer = cfg.model.vision_backbone.get('reducer') or {}
        if not reducer.get('stages'):
            raise ValueError(
                f'measure_guidance: {args.config} has no ELIPReducer with '
                'stages; take an elip recipe.'
            )
        scales = args.guidance_scale or [reducer.get('guidance_scale')]
        for scale in scales:
            if scale is not None:
                reducer.guidance_scale = scale
            shares = measure(cfg, args)
            print(
                f'{scale or "as_is"}: another caption changes '
                f'{100 * sum(shares) / len(shares):.1f} % of the merged '
                'patches of the first stage (seeds: '
                + ', '.join(f'{100 * share:.1f}' for share in shares)
                + ')'
            )


if __name__ == '__main__':
    main()
