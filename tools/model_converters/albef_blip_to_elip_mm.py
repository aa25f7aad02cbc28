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

from elip_mm.converters import convert_albef, convert_blip
from elip_mm.converters.convert_file import convert_file

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
    convert = CONVERTERS[args.model]
    convert_file(args.checkpoint, args.out, convert, 'model')


if __name__ == '__main__':
    main()
