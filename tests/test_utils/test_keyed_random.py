# Copyright (c) elip_mm contributors. All rights reserved.
import random

import numpy as np
import pytest
import torch

from elip_mm.utils.keyed_random import keyed_random, stable_key


def draw():
    return random.random(), float(np.random.rand()), torch.rand(1).item()


def test_same_key_same_numbers():
    draws = []
    for key in [(0, 1, 2), (0, 1, 2), (1, 1, 2), (0, 2, 2), (0, 1, 3)]:
        with keyed_random(*key):
            draws.append(draw())
    assert draws[0] == draws[1]
    for column in zip(*draws):
        assert len(set(column)) == 4


@pytest.mark.parametrize('fail', [False, True])
def test_generators_go_on_as_if_nothing_had_happened(fail):
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    expected = [draw(), draw()]
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    first = draw()
    try:
        with keyed_random(0, 0, 0):
            draw()
            if fail:
                raise KeyError
    except KeyError:
        pass
    assert [first, draw()] == expected


def test_key_is_the_same_on_every_machine():
    assert stable_key(0, 1, 2) == 10059534576897444443
    assert stable_key('a', 12) != stable_key('a', 1, 2)
