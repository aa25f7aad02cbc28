# Copyright (c) elip_mm contributors. All rights reserved.
from .calm import calm
from .encoder_layer import ReducibleEncoderLayer

__all__ = ['ReducibleEncoderLayer', 'calm']
