# Copyright (c) elip_mm contributors. All rights reserved.
from .encoder_layer import ReducibleEncoderLayer
from .no_dropout import cast_drop_rates, no_dropout

__all__ = ['ReducibleEncoderLayer', 'no_dropout', 'cast_drop_rates']
