# Copyright (c) elip_mm contributors. All rights reserved.
from .autocast_optim_wrapper import AutocastOptimWrapper
from .keyed_rates_constructor import KeyedRatesConstructor

__all__ = [
    'AutocastOptimWrapper',
    'KeyedRatesConstructor',
]
