# Copyright (c) elip_mm contributors. All rights reserved.
"""Two tiny recipes, and runs of them without any training."""

import json
from pathlib import Path

import pytest
import torch

from elip_mm.apis import build_model
from elip_mm.study import Run, runs
from elip_mm.utils import register_all_modules

CONFIGS = Path(__file__).parents[2] / 'configs/clip'
DENSE = CONFIGS / 'clip_tiny_dense_1xb64_synthetic-scenes-64px.py'
ELIP = CONFIGS / 'clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
METRICS = {
    f'{direction}/retrieval/Recall@{k}': 10.0 * k
    for direction in ('i2t', 't2i')
    for k in (1, 5, 10)
}


@pytest.fixture
def calls(monkeypatch):
    """Stand in for the tools: note the call, leave the files."""
    made = []

    def call(tool, *arguments):
        made.append((tool, arguments))
        work_dir = Path(arguments[arguments.index('--work-dir') + 1])
        if tool == 'train.py':
            checkpoint = work_dir / 'iter_9.pth'
            checkpoint.touch()
            (work_dir / 'last_checkpoint').write_text(f'/old/{checkpoint}')
        else:
            out = Path(arguments[arguments.index('--out') + 1])
            out.write_text(json.dumps(METRICS))

    monkeypatch.setattr(runs, '_call', call)
    return made


@pytest.fixture
def finished(tmp_path):
    """Two runs that left a checkpoint, and metrics."""
    register_all_modules()
    made = []
    for name, path in (('dense', DENSE), ('elip', ELIP)):
        run = Run(name, path, tmp_path / name)
        run.work_dir.mkdir()
        # Not what the seed of the recipe gives: a model that nobody has
        # loaded must not pass for this one.
        state = {
            key: value + 1 if value.is_floating_point() else value
            for key, value in build_model(run.load_config())
            .state_dict()
            .items()
        }
        torch.save(dict(state_dict=state), run.work_dir / 'iter_1.pth')
        (run.work_dir / 'last_checkpoint').write_text('/elsewhere/iter_1.pth')
        run.metrics_file.write_text(json.dumps(METRICS))
        write_scalars(run.work_dir / '1', [dict(loss=3.0, step=50)])
        made.append(run)
    return made


def write_scalars(folder, records):
    path = folder / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(map(json.dumps, records)))
