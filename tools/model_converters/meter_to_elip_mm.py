# Copyright (c) elip_mm contributors. All rights reserved.
"""Convert a checkpoint of METER, with or without ELIP, or one back to METER.

    python tools/model_converters/meter_to_elip_mm.py IN OUT

``--reverse`` converts a checkpoint of ours to one of METER.
What pre-training does not use is left out: the text model's own pooler and
the heads of fine-tuning; METER loads what comes back with ``strict=False``.
Use the result as ``load_from`` of a recipe, or with tools/test.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elip_mm.launch import run_converter

if __name__ == '__main__':
    run_converter(__doc__, 'meter')
