# Copyright (c) elip_mm contributors. All rights reserved.
"""Hints are looked up and completed by name, and never changed."""

import torch

from elip_mm.structures import Hints


def test_hints_are_found_by_name():
    guidance, edges = torch.rand(2, 4), torch.rand(2, 9)
    hints = Hints(guidance=guidance, signals=dict(edges=edges))
    assert hints.get('guidance') is guidance
    assert hints.get('edges') is edges
    assert hints.get('scores') is None and hints.get('colours') is None


def test_putting_a_hint_leaves_the_old_ones_alone():
    keys, edges = torch.arange(2), torch.rand(2, 9)
    empty = Hints()
    full = empty.put('sample_keys', keys).put('edges', edges)
    assert full.sample_keys is keys and full.signals == dict(edges=edges)
    assert empty.sample_keys is None and not empty.signals
    assert full.put('colours', keys).get('edges') is edges
