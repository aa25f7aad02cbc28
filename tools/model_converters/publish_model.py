# Copyright (c) elip_mm contributors. All rights reserved.
"""Publish the weights of a finished run, with recipe, log and model card.

    python tools/model_converters/publish_model.py WORK_DIR OUT \\
        --recipe configs/... --about "..." --metrics metrics.json
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elip_mm.launch.publish import main

if __name__ == '__main__':
    main()
