# Copyright (c) elip_mm contributors. All rights reserved.
"""Parts of a step add up to it, whatever the clock says."""

import itertools

import pytest
from mmengine.config import Config

from elip_mm.analysis.data_rate import measure_pipeline
from elip_mm.analysis.step_parts import measure_parts
from elip_mm.utils import register_all_modules


@pytest.mark.parametrize(
    'recipe, parts',
    [
        ('clip/clip_tiny_elip_1xb64', {'head contrastive', 'fusion'}),
        (
            'albef/albef_tiny_elip_1xb32',
            {'momentum encoder', 'language targets', 'head itm', 'head mlm'},
        ),
        ('meter/meter_tiny_elip_1xb32', {'head itm', 'head mlm', 'fusion'}),
    ],
)
def test_parts_add_up(recipe, parts, monkeypatch):
    register_all_modules()
    looks = itertools.count()
    monkeypatch.setattr(
        'elip_mm.analysis.step_parts.time.perf_counter',
        lambda: float(next(looks)),
    )
    cfg = Config.fromfile(f'configs/{recipe}_synthetic-scenes-64px.py')
    found = measure_parts(cfg, batch_size=2, rounds=2)
    common = {'text encoder', 'image tower', 'backward pass'}
    assert common | parts <= set(found)
    # Three looks at the clock a step, and two around every part: from the
    # first to the last one of a step all time belongs to some part.
    assert sum(found.values()) == (next(looks) - 2) / 2
    assert min(found.values()) > 0


def test_what_is_no_recipe_is_named():
    cfg = Config.fromfile('configs/_base_/reducers/random.py')
    for measure in (measure_parts, measure_pipeline):
        with pytest.raises(ValueError, match='recipe of a pre-trainer'):
            measure(cfg)
