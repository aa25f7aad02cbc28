# Copyright (c) elip_mm contributors. All rights reserved.
from .encoder_layer import ReducibleEncoderLayer, check_plain
from .lora import LoRALinear, add_lora, weight_of
from .no_dropout import cast_drop_rates, no_dropout

__all__ = [
    'LoRALinear',
    'ReducibleEncoderLayer',
    'add_lora',
    'cast_drop_rates',
    'check_plain',
    'no_dropout',
    'weight_of',
]
