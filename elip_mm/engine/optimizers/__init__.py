# Copyright (c) elip_mm contributors. All rights reserved.
from .autocast_optim_wrapper import AutocastOptimWrapper
from .custom_keys_constructor import CustomKeysOptimWrapperConstructor
from .model_rules import (
    ModelRulesLayerDecayConstructor,
    ModelRulesOptimWrapperConstructor,
)

__all__ = [
    'AutocastOptimWrapper',
    'CustomKeysOptimWrapperConstructor',
    'ModelRulesLayerDecayConstructor',
    'ModelRulesOptimWrapperConstructor',
]
