# Copyright (c) elip_mm contributors. All rights reserved.
"""Make models of other libraries reduce their vision tokens."""

from .attach import attach_reducer, detach_reducer
from .attachment import Attachment, find_attachment
from .base import BertGuidedAdapter, ModelAdapter

__all__ = [
    'Attachment',
    'BertGuidedAdapter',
    'ModelAdapter',
    'attach_reducer',
    'detach_reducer',
    'find_attachment',
]
