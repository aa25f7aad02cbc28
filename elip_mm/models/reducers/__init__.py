# Copyright (c) elip_mm contributors. All rights reserved.
from .base import TokenReducer
from .elip import ELIPReducer, ELIPStage

__all__ = ['ELIPReducer', 'ELIPStage', 'TokenReducer']
