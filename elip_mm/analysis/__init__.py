# Copyright (c) elip_mm contributors. All rights reserved.
"""Costs of token reduction against a plain tower, exact and timed."""

from .measure import Measurement, measure
from .naive_elip import NaiveELIPViT
from .workload import Tower, Workload, make_workload

__all__ = [
    'Measurement',
    'NaiveELIPViT',
    'Tower',
    'Workload',
    'make_workload',
    'measure',
]
