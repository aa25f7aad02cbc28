# Copyright (c) elip_mm contributors. All rights reserved.
"""What a strategy is shown at its two moments."""

import torch

from ..tiny import ELIP, GUIDANCE, IMAGES, tiny_vit


def watch_views(vit):
    """Record the views of both moments, layer by layer."""
    reducer, views = vit.reducer, dict(before_layer=[], after_attention=[])
    for moment, seen in views.items():

        def noted(view, decide=getattr(reducer, moment), seen=seen):
            seen.append(view)
            return decide(view)

        setattr(reducer, moment, noted)
    return views


def test_views_tell_layer_tokens_and_text():
    vit = tiny_vit(ELIP)
    views = watch_views(vit)
    vit(IMAGES, GUIDANCE)
    lengths = [65] * 2 + [59] * 2 + [43] * 6 + [27] * 2
    after = views['after_attention']
    assert [view.index for view in after] == list(range(12))
    assert [view.state.tokens.shape[1] for view in after] == lengths
    assert all(view.num_layers == 12 for view in after)
    assert all(view.guidance is GUIDANCE for view in after)


def test_keys_are_those_of_the_tokens_shown():
    """Before a layer they are projected, afterwards read from its trace."""
    vit = tiny_vit(None)
    views = watch_views(vit)
    vit(IMAGES)
    before, after = views['before_layer'][3], views['after_attention'][3]
    assert before.trace is None and after.mean_key is None
    torch.testing.assert_close(before.mean_key(), after.trace.mean_key())
    assert not before.mean_key().requires_grad


def test_a_switched_off_strategy_is_not_asked():
    vit = tiny_vit(ELIP)
    views = watch_views(vit)
    vit(IMAGES, GUIDANCE, reduce=False)
    assert not any(views.values())
