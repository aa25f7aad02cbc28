# Copyright (c) elip_mm contributors. All rights reserved.
# ELIP's schedule at half the depth, for the tiny towers.
from elip_mm.models import ELIPReducer

reducer = dict(
    type=ELIPReducer,
    stages=[
        dict(layer=1, look_ahead=1, keep_ratio=0.90),
        dict(layer=2, look_ahead=3, keep_ratio=0.65),
        dict(layer=5, look_ahead=1, keep_ratio=0.40),
    ],
    text_weight=0.2,
)
