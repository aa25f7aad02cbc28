# Copyright (c) elip_mm contributors. All rights reserved.
"""Train, test and measure several recipes under the same conditions."""

from .costs import Costs, measure_costs
from .report import write_report
from .results import Result, read_result
from .runs import Run, train_and_test
from .timing import time_steps

__all__ = [
    'Costs',
    'Result',
    'Run',
    'measure_costs',
    'read_result',
    'time_steps',
    'train_and_test',
    'write_report',
]
