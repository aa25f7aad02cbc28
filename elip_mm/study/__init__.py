# Copyright (c) elip_mm contributors. All rights reserved.
"""Train, test and measure several recipes under the same conditions.

A :class:`Run` is a recipe with overrides and a folder; :func:`train_and_test`
brings it to its end, :func:`measure_runs` puts it on record (a
:class:`Result`, one line of ``results.jsonl``), and :func:`write_report` makes
table and figures from records alone. ``python -m elip_mm.study`` does all of
it.
"""

from .costs import Costs, measure_costs, time_steps
from .measure_runs import measure_runs
from .report import write_report
from .results import Result, append_result, read_result, read_results
from .runs import Run, train_and_test

__all__ = [
    'Costs',
    'Result',
    'Run',
    'append_result',
    'measure_costs',
    'measure_runs',
    'read_result',
    'read_results',
    'time_steps',
    'train_and_test',
    'write_report',
]
