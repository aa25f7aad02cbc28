# Copyright (c) elip_mm contributors. All rights reserved.
"""Export the image tower of a trained model.

    python tools/deployment/export_tower.py CONFIG CHECKPOINT tower.pt2

The file takes normalised images of the config's size and gives unit-norm
features. With --reduce, tokens are reduced by vision alone; text-guided
reduction needs a caption for each image and is for training.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from elip_mm.apis import export_tower, init_model
from elip_mm.launch.arguments import OptionsAction
from elip_mm.launch.user_errors import short_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('out', type=Path, help='a .pt2 or .onnx file')
    parser.add_argument('--batch-size', type=int, default=1)
    parser.add_argument('--reduce', action='store_true')
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument('--traceback', action='store_true')
    return parser.parse_args()


def main() -> None:
    """Export."""
    args = parse_args()
    # Building a model logs a line for each parameter.
    logging.disable(logging.WARNING)
    with short_errors(args.traceback):
        model = init_model(
            args.config, args.checkpoint, cfg_options=args.cfg_options
        )
        path = export_tower(
            model, args.out, batch_size=args.batch_size, reduce=args.reduce
        )
    print(f'wrote {path}')


if __name__ == '__main__':
    main()
