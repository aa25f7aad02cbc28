# Copyright (c) elip_mm contributors. All rights reserved.
from .attach import attach_reducer, detach_reducer
from .hosts import BertGuidedHost, Host
from .token_states import token_states

__all__ = [
    'BertGuidedHost',
    'Host',
    'attach_reducer',
    'detach_reducer',
    'token_states',
]
