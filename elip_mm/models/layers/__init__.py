# Copyright (c) elip_mm contributors. All rights reserved.
from .encoder_layer import ReducibleEncoderLayer, check_plain
from .no_dropout import cast_drop_rates, no_dropout

__all__ = [
    'ReducibleEncoderLayer',
    'cast_drop_rates',
    'check_plain',
    'no_dropout',
]
