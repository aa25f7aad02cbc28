# Copyright (c) elip_mm contributors. All rights reserved.
"""Pictures of trained models and step times, from untrained tiny ones."""

import pytest
import torch

from elip_mm.study import Run, time_steps
from elip_mm.study.costs import build_model, load_batch, mentioned_mask
from elip_mm.study.pictures import draw_kept
from elip_mm.utils import register_all_modules

from .test_comparison import DENSE, ELIP


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Two runs that left a checkpoint."""
    register_all_modules()
    made = []
    for name, path in (('dense', DENSE), ('elip', ELIP)):
        run = Run(name, path, tmp_path_factory.mktemp(name))
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
        made.append(run)
    return made


def test_only_what_reduces_is_drawn(runs, tmp_path):
    assert draw_kept(runs, tmp_path, num_images=2) == ['tokens_elip.png']
    assert (tmp_path / 'tokens_elip.png').stat().st_size > 1000


def test_checkpoints_are_loaded_strictly(runs):
    cfg = runs[0].load_config()
    loaded = build_model(cfg, runs[0].checkpoint)
    fresh = build_model(cfg)
    for one, other in zip(loaded.parameters(), fresh.parameters()):
        assert torch.equal(one, other + 1)  # the seed of the recipe decides
    cfg.model.vision_backbone.arch.num_layers = 5
    with pytest.raises(ValueError, match='unknown to the model'):
        build_model(cfg, runs[0].checkpoint)


def test_steps_are_timed_in_turns(runs):
    recipes = {run.name: run.load_config() for run in runs}
    times = time_steps(recipes, batch_size=2, rounds=1)
    assert list(times) == ['dense', 'elip'] and min(times.values()) > 0


def test_without_boxes_nothing_is_mentioned(runs):
    cfg = runs[0].load_config()
    batch = load_batch(cfg, build_model(cfg), 2)
    mask = mentioned_mask(batch, (8, 8))
    assert mask.shape == (2, 64) and mask.any() and not mask.all()
    for sample in batch.samples:
        del sample.boxes
    assert mentioned_mask(batch, (8, 8)) is None
