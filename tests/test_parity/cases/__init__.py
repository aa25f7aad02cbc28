# Copyright (c) elip_mm contributors. All rights reserved.
from .clip import check_clip
from .vit import check_vit

# The beginning of `arch` in a file's meta, and the check it gets.
CASES = {
    'albef/blip vit': check_vit,
    'meter clip vit': check_vit,
    'open_clip CLIP': check_clip,
}
