# Copyright (c) elip_mm contributors. All rights reserved.
"""Convert a checkpoint of open_clip, with or without ELIP or a sigmoid loss.

    python tools/model_converters/open_clip_to_elip_mm.py IN OUT

The dual encoder becomes one of CLIPPretrainer or, if it has a logit_bias, of
SigLIPPretrainer. Use the result as ``load_from`` of a recipe, or with
tools/test.py.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from elip_mm.converters import convert_open_clip
from elip_mm.engine.checkpoint_loader import load_checkpoint_file


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('checkpoint', help='file of open_clip')
    parser.add_argument('out', type=Path, help='file to write')
    return parser.parse_args()


def main() -> None:
    """Read, convert, write."""
    args = parse_args()
    try:
        loaded = load_checkpoint_file(args.checkpoint, 'cpu')
        # Training leaves epoch and optimizer beside the weights.
        converted = convert_open_clip(loaded.get('state_dict', loaded))
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=converted), args.out)
    print(f'wrote {len(converted)} tensors to {args.out}')


if __name__ == '__main__':
    main()
