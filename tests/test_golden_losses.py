# Copyright (c) elip_mm contributors. All rights reserved.
"""What the tiny recipes compute stays what it was, step by step."""

import pytest

from .support.golden_losses import (
    FAMILIES,
    NUM_STEPS,
    differences,
    first_losses,
    read,
    recipe_of,
)


@pytest.mark.parametrize(
    'num_steps', [20, pytest.param(NUM_STEPS, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize('family', FAMILIES)
def test_first_losses_are_those_on_record(family, num_steps):
    losses = first_losses(recipe_of(family), num_steps)
    assert len(losses) == num_steps
    assert differences(read(family), losses) == []


def test_a_change_is_seen():
    asset = dict(read('clip'), machine='another one')
    losses = list(asset['losses'])
    losses[3] *= 1.001
    (line,) = differences(asset, losses)
    assert line.startswith('step 3')
