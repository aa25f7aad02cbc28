# Copyright (c) elip_mm contributors. All rights reserved.
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

from .costs import Costs
from .runs import Run


@dataclass(frozen=True)
class Result:
    """All that a comparison knows about one run.

    Args:
        name (str): Name of the run.
        metrics (dict[str, float]): What ``tools/test.py`` wrote.
        costs (Costs): Exact costs of a training step.
        step_time (float): Median seconds of a step.
        curves (dict[str, list]): ``(step, value)`` pairs by name of a scalar.
    """

    name: str
    metrics: Dict[str, float]
    costs: Costs
    step_time: float
    curves: Dict[str, List[Tuple[int, float]]]


def read_result(run: Run, costs: Costs, step_time: float) -> Result:
    """Collect the files of a finished run.

    Args:
        run (Run): The run.
        costs (Costs): Its exact costs.
        step_time (float): Its median step time in seconds.

    Returns:
        Result: Everything about it.
    """
    return Result(
        name=run.name,
        metrics=json.loads(run.metrics_file.read_text()),
        costs=costs,
        step_time=step_time,
        curves=read_curves(run.work_dir),
    )


def read_curves(work_dir: Path) -> Dict[str, List[Tuple[int, float]]]:
    """Read the scalars that mmengine logged, over all resumed parts.

    Args:
        work_dir (Path): Folder of a run.

    Returns:
        dict[str, list]: ``(step, value)`` pairs by name; where a resumed part
        repeats a step, the later record counts.
    """
    curves: Dict[str, Dict[int, float]] = {}
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            step = record.get('step')
            for key, value in record.items():
                if isinstance(value, (int, float)) and key != 'step':
                    curves.setdefault(key, {})[step] = value
    return {key: sorted(points.items()) for key, points in curves.items()}
