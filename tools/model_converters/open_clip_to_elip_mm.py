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

from elip_mm.converters import convert_open_clip
from elip_mm.converters.convert_file import convert_file


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('checkpoint', help='file of open_clip')
    parser.add_argument('out', type=Path, help='file to write')
    return parser.parse_args()


def main() -> None:
    """Read, convert, write."""
    args = parse_args()
    convert_file(args.checkpoint, args.out, convert_open_clip, 'state_dict')


if __name__ == '__main__':
    main()
