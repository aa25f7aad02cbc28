# Copyright (c) elip_mm contributors. All rights reserved.
"""The same as ``python -m elip_mm.analysis``, from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elip_mm.analysis.__main__ import main

if __name__ == '__main__':
    main()
