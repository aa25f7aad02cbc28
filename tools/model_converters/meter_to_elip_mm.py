# Copyright (c) elip_mm contributors. All rights reserved.
"""Convert a checkpoint of METER, with or without ELIP.

    python tools/model_converters/meter_to_elip_mm.py IN OUT

What pre-training does not use is left out: the text model's own pooler and
the heads of fine-tuning. Use the result as ``load_from`` of a recipe, or with
tools/test.py.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elip_mm.converters import convert_meter
from elip_mm.converters.convert_file import convert_file


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('checkpoint', help='file of METER')
    parser.add_argument('out', type=Path, help='file to write')
    return parser.parse_args()


def main() -> None:
    """Read, convert, write."""
    args = parse_args()
    convert_file(args.checkpoint, args.out, convert_meter, 'state_dict')


if __name__ == '__main__':
    main()
