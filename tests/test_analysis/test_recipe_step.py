# Copyright (c) elip_mm contributors. All rights reserved.
"""A step of a recipe runs on data that are made up for it."""

import pytest
import torch
from mmengine import Config

from elip_mm.analysis.recipe_step import RecipeStep
from elip_mm.utils import register_all_modules

TINY = 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'


def test_the_same_batch_at_every_call():
    register_all_modules()
    step = RecipeStep(Config.fromfile(TINY))
    before = torch.get_rng_state()
    assert torch.equal(step.loss(3), step.loss(3))
    assert not torch.equal(step.loss(3), step.loss(4))
    assert torch.equal(before, torch.get_rng_state())


def test_error_names_what_is_missing():
    with pytest.raises(ValueError, match='vision_backbone'):
        RecipeStep(Config(dict(model=dict(type='Other'))))
