# Copyright (c) elip_mm contributors. All rights reserved.
import random

import numpy as np
import torch

from elip_mm.engine.hooks.keyed_randomness_hook import (
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
