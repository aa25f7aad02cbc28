# Copyright (c) elip_mm contributors. All rights reserved.
from .attention_pooling import AttentionPooling
from .joint_projection import JointProjection

__all__ = [
    'AttentionPooling',
    'JointProjection',
]
