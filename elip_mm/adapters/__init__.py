# Copyright (c) elip_mm contributors. All rights reserved.
"""Make models of other libraries reduce their vision tokens."""

from .attach import attach_reducer, detach_reducer
from .base import BertGuidedAdapter, ModelAdapter

__all__ = [
    'BertGuidedAdapter',
    'ModelAdapter',
    'attach_reducer',
    'detach_reducer',
]
