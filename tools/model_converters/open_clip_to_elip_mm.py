# Copyright (c) elip_mm contributors. All rights reserved.
"""Convert a checkpoint of open_clip, with or without ELIP, or one back to it.

    python tools/model_converters/open_clip_to_elip_mm.py IN OUT

``--reverse`` converts a checkpoint of ours to one of open_clip.
The dual encoder becomes one of CLIPPretrainer or, if it has a logit_bias, of
SigLIPPretrainer. Use the result as ``load_from`` of a recipe, or with
tools/test.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elip_mm.launch import run_converter

if __name__ == '__main__':
    run_converter(__doc__, 'open_clip')
