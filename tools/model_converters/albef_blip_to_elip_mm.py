# Copyright (c) elip_mm contributors. All rights reserved.
"""Convert a published pre-training checkpoint of ALBEF or BLIP.

    python tools/model_converters/albef_blip_to_elip_mm.py albef IN OUT

With or without ELIP, on one process or several: the weights are the same.
Use the result as ``load_from`` of a recipe, or with tools/test.py.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from elip_mm.converters import convert_albef, convert_blip
from elip_mm.engine.checkpoint_loader import load_checkpoint_file

CONVERTERS = dict(albef=convert_albef, blip=convert_blip)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('model', choices=sorted(CONVERTERS))
    parser.add_argument('checkpoint', help='file of the published code')
    parser.add_argument('out', type=Path, help='file to write')
    return parser.parse_args()


def main() -> None:
    """Read, convert, write."""
    args = parse_args()
    try:
        loaded = load_checkpoint_file(args.checkpoint, 'cpu')
        # Published files hold optimizer and settings beside the weights.
        state = loaded.get('model', loaded)
        converted = CONVERTERS[args.model](state)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=converted), args.out)
    print(f'wrote {len(converted)} tensors to {args.out}')


if __name__ == '__main__':
    main()
