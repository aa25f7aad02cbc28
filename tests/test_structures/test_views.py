# Copyright (c) elip_mm contributors. All rights reserved.
"""What is asked of hints and views is found, or missed in words."""

import pytest
import torch

from elip_mm.structures import AttentionTrace, Hints, LayerView, TokenState


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


def test_a_hint_that_is_missing_is_named():
    keys = torch.arange(2)
    assert Hints(sample_keys=keys).require('sample_keys') is keys
    for name in ('sample_keys', 'edges'):
        with pytest.raises(ValueError, match=f"'{name}'.*not there.*needs"):
            Hints().require(name)


@pytest.mark.parametrize(
    'name, problem',
    [
        ('trace', 'only there after the attention'),
        ('look_ahead', 'there is no look_ahead'),
        ('mean_key', 'only there before the layer'),
    ],
)
def test_a_view_gives_what_it_has_and_says_what_it_has_not(name, problem):
    state = TokenState.start(torch.rand(1, 5, 4), (2, 2), num_prefix=1)
    trace = AttentionTrace(torch.rand(1, 1, 5, 4), torch.rand(1, 1, 5, 4))
    view = LayerView(3, state, **{name: trace})
    assert getattr(view, f'require_{name}')() is trace
    with pytest.raises(ValueError, match=f'layer 3: .*{problem}'):
        getattr(LayerView(3, state), f'require_{name}')()
