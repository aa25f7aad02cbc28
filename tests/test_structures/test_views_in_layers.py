# Copyright (c) elip_mm contributors. All rights reserved.
"""What a strategy is shown before a layer and within it."""

import torch

from tests.support.tiny import ELIP, GUIDANCE, HINTS, IMAGES, tiny_vit


def watch_views(vit):
    """Record the views of both places, layer by layer."""
    reducer, views = vit.reducer, dict(before_layer=[], after_attention=[])
    for position, seen in views.items():

        def noted(view, decide=getattr(reducer, position), seen=seen):
            seen.append(view)
            return decide(view)

        setattr(reducer, position, noted)
    return views


def test_views_tell_layer_tokens_and_text():
    vit = tiny_vit(ELIP)
    views = watch_views(vit)
    vit(IMAGES, HINTS)
    lengths = [65] * 2 + [59] * 2 + [43] * 6 + [27] * 2
    after = views['after_attention']
    assert [view.index for view in after] == list(range(12))
    assert [view.state.tokens.shape[1] for view in after] == lengths
    assert all(view.num_layers == 12 for view in after)
    assert all(view.hints.guidance is GUIDANCE for view in after)


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
    vit(IMAGES, HINTS, reduce=False)
    assert not any(views.values())


def test_a_look_ahead_is_never_reduced():
    """Not even across layers in which the strategy itself reduces."""
    stages = [
        dict(layer=2, look_ahead=8, keep_ratio=0.9),
        dict(layer=4, look_ahead=2, keep_ratio=0.5),
    ]
    vit, lengths = tiny_vit(dict(ELIP, stages=stages)), []

    def note(layer, args, kwargs):
        if kwargs.get('mode', 'full') in ('look_ahead', 'score'):
            lengths.append(args[0].shape[1])

    for layer in vit.layers:
        layer.register_forward_pre_hook(note, with_kwargs=True)
    vit(IMAGES, HINTS)
    assert lengths == [65] * 8 + [59] * 2
