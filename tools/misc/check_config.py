# Copyright (c) elip_mm contributors. All rights reserved.
"""Check a config: is every key one that something reads?

Nothing is built, and no data are touched. Training and testing check the same
before they begin; here all of several configs can be checked at once.

    python tools/misc/check_config.py configs/clip/*.py
    python tools/misc/check_config.py CONFIG --cfg-options model.mask_ratio=0.3
"""

import argparse
import sys

from elip_mm.launch.arguments import OptionsAction
from elip_mm.launch.config import read_config
from elip_mm.launch.user_errors import explain, short_errors


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('configs', nargs='+', metavar='config')
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    parser.add_argument(
        '--traceback',
        action='store_true',
        help='show where an error comes from, and stop there',
    )
    return parser.parse_args()


def main() -> None:
    """Check all, then say whether all were right."""
    args = parse_args()
    wrong = 0
    with short_errors(args.traceback):
        for path in args.configs:
            try:
                read_config(path, args.cfg_options)
            except (ValueError, OSError) as error:
                if args.traceback:
                    raise
                print(f'error: {explain(error)}', file=sys.stderr)
                wrong += 1
            else:
                print(f'{path}: ok')
    sys.exit(2 if wrong else 0)


if __name__ == '__main__':
    main()
