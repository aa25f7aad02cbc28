# Copyright (c) elip_mm contributors. All rights reserved.
"""The command line of the tools in ``tools/model_converters``."""

import argparse

from elip_mm.converters import FAMILIES, convert_file

from .user_errors import short_errors

__all__ = ['run_converter']


def run_converter(description: str, *families: str) -> None:
    """Read the command line, convert a file, say what was written.

    Args:
        description (str): Docstring of the tool; its first line is shown.
        *families (str): Names from ``FAMILIES``; if there are several, the
            first argument of the command line chooses.
    """
    parser = argparse.ArgumentParser(description=description.split('\n')[0])
    if len(families) > 1:
        parser.add_argument('model', choices=sorted(families))
    parser.add_argument('checkpoint', help='file to read')
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--reverse',
        action='store_true',
        help='convert a checkpoint of ours to the other code',
    )
    parser.add_argument(
        '--traceback',
        action='store_true',
        help='show where an error comes from',
    )
    args = parser.parse_args()
    family = FAMILIES[getattr(args, 'model', families[0])]
    with short_errors(args.traceback):
        number = convert_file(args.checkpoint, args.out, family, args.reverse)
        print(f'wrote {number} tensors to {args.out}')
