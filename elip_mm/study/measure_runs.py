# Copyright (c) elip_mm contributors. All rights reserved.
"""From finished runs to their records."""

from dataclasses import replace
from pathlib import Path
from typing import List, Sequence

from .costs import measure_costs, time_steps
from .pictures import draw_kept
from .results import Result, append_result, read_result, read_results
from .runs import Run

RESULTS = 'results.jsonl'


def measure_runs(
    runs: Sequence[Run], folder: Path, batch_size: int = 64
) -> List[Result]:
    """Measure finished runs, and put what is found on record.

    Nothing is measured again if each run has a record of its stamp and batch.
    If one has none, all are timed anew, as only times that were taken in
    turns can be compared.

    Args:
        runs (Sequence[Run]): Finished runs.
        folder (Path): Keeps the records, in ``results.jsonl``, and pictures.
        batch_size (int): Pairs of a measured step. Defaults to 64.

    Returns:
        list[Result]: The records, in the order of the runs.
    """
    stamps = {run.name: run.stamp() for run in runs}
    known = {
        name: result
        for name, result in read_results(folder / RESULTS).items()
        if result.stamp == stamps.get(name)
        and result.costs.batch_size == batch_size
    }
    if len(known) == len(runs):
        return [known[run.name] for run in runs]
    recipes = {run.name: run.load_config() for run in runs}
    times = time_steps(recipes, batch_size)
    results = []
    for run in runs:
        seconds = times[run.name]
        if run.name in known:
            result = replace(known[run.name], step_time=seconds)
        else:
            costs = measure_costs(
                recipes[run.name], run.checkpoint, batch_size
            )
            result = read_result(run, costs, seconds, draw_kept(run, folder))
        append_result(folder / RESULTS, result)
        results.append(result)
    return results
