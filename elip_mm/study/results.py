# Copyright (c) elip_mm contributors. All rights reserved.
"""Records of finished runs: one line of JSON each, which reports read."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from .costs import Costs
from .runs import Run, read_commit, read_versions

Curves = Dict[str, List[Tuple[int, float]]]


@dataclass(frozen=True)
class Result:
    """All that a study knows about one run.

    Args:
        name (str): Name of the run.
        metrics (dict[str, float]): What ``tools/test.py`` wrote.
        costs (Costs): Exact costs of a training step.
        step_time (float): Median seconds of a step. Only times that were
            taken in the same turns can be compared.
        curves (dict[str, list]): ``(step, value)`` pairs by name of a scalar.
        config (str): Path of the recipe. Defaults to ''.
        options (tuple[str]): Its overrides. Defaults to ().
        seed (int, optional): Its seed. Defaults to None.
        stamp (str): That of the run. Defaults to ''.
        versions (dict[str, str]): Of libraries, by name. Defaults to {}.
        commit (str, optional): Of this library. Defaults to None.
        pictures (tuple[str]): Names of files beside the report. Defaults to
            ().
    """

    name: str
    metrics: Dict[str, float]
    costs: Costs
    step_time: float
    curves: Curves
    config: str = ''
    options: Tuple[str, ...] = ()
    seed: Optional[int] = None
    stamp: str = ''
    versions: Dict[str, str] = field(default_factory=dict)
    commit: Optional[str] = None
    pictures: Tuple[str, ...] = ()

    def to_json(self) -> str:
        """The record as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> 'Result':
        """Read such a line.

        Args:
            line (str): What :meth:`to_json` gave.

        Returns:
            Result: An equal record.
        """
        known = json.loads(line)
        costs = known['costs']
        known['costs'] = Costs(**{**costs, 'tokens': tuple(costs['tokens'])})
        known['curves'] = {
            key: [tuple(point) for point in points]
            for key, points in known['curves'].items()
        }
        for key in ('options', 'pictures'):
            known[key] = tuple(known[key])
        return cls(**known)


def append_result(path: Path, result: Result) -> None:
    """Add a record to a file; what it has already stays.

    Args:
        path (Path): A file of JSON lines, made if there is none.
        result (Result): The record.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A call that was killed while it wrote leaves a line without its end.
    torn = path.is_file() and not path.read_text().endswith('\n')
    with path.open('a') as file:
        file.write('\n' * torn + result.to_json() + '\n')


def read_results(path: Path) -> Dict[str, Result]:
    """Read the records of a file.

    Args:
        path (Path): A file of JSON lines; there may be none.

    Returns:
        dict[str, Result]: By name of the run, the last record of each, in the
        order in which the names first came up.
    """
    results: Dict[str, Result] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            result = Result.from_json(line)
        except json.JSONDecodeError:
            continue  # torn, so that run is measured again
        results[result.name] = result
    return results


def read_result(
    run: Run,
    costs: Costs,
    step_time: float,
    pictures: Tuple[str, ...] = (),
) -> Result:
    """Collect the files of a finished run.

    Args:
        run (Run): The run.
        costs (Costs): Its exact costs.
        step_time (float): Its median step time in seconds.
        pictures (tuple[str]): Names of its pictures. Defaults to ().

    Returns:
        Result: Everything about it.
    """
    cfg = run.load_config()
    return Result(
        name=run.name,
        metrics=json.loads(run.metrics_file.read_text()),
        costs=costs,
        step_time=step_time,
        curves=read_curves(run.work_dir),
        config=str(run.config),
        options=tuple(run.options),
        seed=cfg.get('randomness', {}).get('seed'),
        stamp=run.stamp(),
        versions=read_versions(),
        commit=read_commit(),
        pictures=pictures,
    )


def read_curves(work_dir: Path) -> Curves:
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
