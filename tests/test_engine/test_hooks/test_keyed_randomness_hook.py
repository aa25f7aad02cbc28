# Copyright (c) elip_mm contributors. All rights reserved.
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from elip_mm.engine.hooks.keyed_randomness_hook import (
    KeyedRandomnessHook,
    _get_states,
    _set_states,
)


def test_random_states_round_trip():
    def draw():
        return random.random(), np.random.randn(), torch.rand(1).item()

    np.random.randn()  # leaves a second number behind in the generator
    states = _get_states()
    numbers = draw()
    _set_states(states)
    assert draw() == numbers


@pytest.mark.parametrize(
    'states', ['a', {}, dict(python=1), dict(python=(3, (), None))]
)
def test_states_that_are_none_are_refused_in_words(states):
    hook, runner = KeyedRandomnessHook(), SimpleNamespace(iter=1)
    hook.after_load_checkpoint(
        runner, dict(meta=dict(random_states=states or {'odd': 1}))
    )
    with pytest.raises(ValueError, match='random states that cannot be put'):
        hook.before_train(runner)
