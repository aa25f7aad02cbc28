# Copyright (c) elip_mm contributors. All rights reserved.
from .joint_projection import JointProjection

__all__ = ['JointProjection']
