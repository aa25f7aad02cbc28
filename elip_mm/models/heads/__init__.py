# Copyright (c) elip_mm contributors. All rights reserved.
from .contrastive_head import ContrastiveHead

__all__ = ['ContrastiveHead']
