# Copyright (c) elip_mm contributors. All rights reserved.
"""The same as ``python -m elip_mm.study``, from a checkout.

python tools/compare.py dense=CONFIG elip=CONFIG --work-dir work_dirs/x
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from elip_mm.study.__main__ import main

if __name__ == '__main__':
    main()
