# Copyright (c) elip_mm contributors. All rights reserved.
"""What users call: models by config or name, and what becomes of tokens."""

from .draw_samples import draw_samples
from .export import export_tower
from .model import build_model, init_model, load_weights
from .model_zoo import get_model, list_models
from .token_states import token_states

__all__ = [
    'build_model',
    'draw_samples',
    'export_tower',
    'get_model',
    'init_model',
    'list_models',
    'load_weights',
    'token_states',
]
