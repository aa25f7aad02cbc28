# Copyright (c) elip_mm contributors. All rights reserved.
"""Compare our models with numbers of the reference implementations.

    python tests/test_parity/check.py FILE [FILE ...]

Sizes are read from each file, the weights are mapped by the project's own
converters, and the worst difference of every tensor is printed. The exit code
is 1 if any of them exceeds its tolerance.
"""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.test_parity.cases import CASES
from tests.test_parity.fixture import Fixture, Report


def check_file(path: Path) -> Report:
    """Compare one file.

    Args:
        path (Path): A parity file.

    Returns:
        Report: The worst difference of every tensor.
    """
    fixture = Fixture(path)
    arch = fixture.meta['arch']
    for start, check in CASES.items():
        if arch.startswith(start):
            return check(fixture)
    raise ValueError(
        f'{path}: no check for the architecture {arch!r}; known '
        f'are those that begin with {sorted(CASES)}.'
    )


def main() -> int:
    """Check all files of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('files', nargs='+', type=Path, metavar='FILE')
    warnings.filterwarnings('ignore')
    failed = 0
    for path in parser.parse_args().files:
        report = check_file(path)
        failed += bool(report.failures)
        print(f'== {path.name}\n{report}\n')
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
