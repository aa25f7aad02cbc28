# Copyright (c) elip_mm contributors. All rights reserved.
from .draw_samples import draw_samples
from .token_states import token_states

__all__ = ['draw_samples', 'token_states']
