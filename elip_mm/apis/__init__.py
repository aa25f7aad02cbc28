# Copyright (c) elip_mm contributors. All rights reserved.
from .attach import attach_reducer, detach_reducer
from .draw_samples import draw_samples
from .hosts import BertGuidedHost, Host
from .token_states import token_states

__all__ = [
    'BertGuidedHost',
    'Host',
    'attach_reducer',
    'detach_reducer',
    'draw_samples',
    'token_states',
]
