# Copyright (c) elip_mm contributors. All rights reserved.
from .clip import check_clip
from .meter import check_meter
from .pretrain import check_albef, check_blip
from .vit import check_vit

# The beginning of `arch` in a file's meta, and the check it gets.
CASES = {
    'albef/blip vit': check_vit,
    'meter clip vit': check_vit,
    'ALBEF pre-training': check_albef,
    'BLIP pre-training': check_blip,
    'METER pre-training': check_meter,
    'open_clip CLIP': check_clip,
}
