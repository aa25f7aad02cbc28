# Copyright (c) elip_mm contributors. All rights reserved.
from .calm import calm, plain_rates
from .encoder_layer import ReducibleEncoderLayer

__all__ = ['ReducibleEncoderLayer', 'calm', 'plain_rates']
