# Copyright (c) elip_mm contributors. All rights reserved.
"""Convert a pre-training checkpoint of ALBEF or BLIP, or one back to them.

    python tools/model_converters/albef_blip_to_elip_mm.py blip IN OUT

``--reverse`` converts a checkpoint of ours to one of the published code.
With or without ELIP, on one process or several: the weights are the same.
Use the result as ``load_from`` of a recipe, or with tools/test.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elip_mm.launch import run_converter

if __name__ == '__main__':
    run_converter(__doc__, 'albef', 'blip')
