# Copyright (c) elip_mm contributors. All rights reserved.
"""A new strategy with a new signal needs this file and no other.

The signals and the strategies below are all that a user would write. They
run in the backbone by themselves and keep every contract.
"""

import pytest
import torch
import torch.nn.functional as F

from elip_mm.models.reducers import TokenReducer, complete_hints
from elip_mm.ops import keep_and_drop
from elip_mm.registry import SIGNALS, TOKEN_REDUCERS
from elip_mm.structures import Hints, TextFeatures
from tests.support.tiny import IMAGES, tiny_vit

from . import test_reducers as contracts


class EdgeEnergy:
    """How much neighbouring pixels differ, one number per patch."""

    def __call__(self, images, text, tower):
        grey = images.mean(dim=1, keepdim=True)
        down = F.pad(grey.diff(dim=2), (0, 0, 0, 1)).square()
        right = F.pad(grey.diff(dim=3), (0, 1)).square()
        side = tower.patch_embed.projection.kernel_size
        return F.avg_pool2d(down + right, side).flatten(1)


class EdgeReducer(TokenReducer):
    """Drop the half of the patches that has fewer edges."""

    needs = ('EdgeEnergy',)

    def before_layer(self, view):
        state = view.state
        num_keep = self.ease(state.num_patches, state.num_patches // 2)
        if view.index != 1 or num_keep >= state.num_patches:
            return None
        energy = view.hints.signals['EdgeEnergy']
        return keep_and_drop(energy, num_keep, state.num_prefix)


class TextLength:
    """How many words a caption has; without captions nothing is known."""

    def __call__(self, images, text, tower):
        return None if text is None else text.mask.sum(dim=1)


class ShortTextReducer(TokenReducer):
    """Keep a patch per word of the longest caption, by place."""

    needs = ('TextLength',)

    def before_layer(self, view):
        words, state = view.hints.get('TextLength'), view.state
        if view.index != 0 or words is None:
            return None
        places = torch.arange(state.num_patches, 0, -1.0)
        scores = places.expand(len(words), -1)
        return keep_and_drop(scores, int(words.max()), state.num_prefix)


@pytest.fixture(autouse=True)
def name():
    """Register all of them for one test; the name is what contracts ask."""
    signals, strategies = (
        (EdgeEnergy, TextLength),
        (
            EdgeReducer,
            ShortTextReducer,
        ),
    )
    for signal in signals:
        SIGNALS.register_module(module=signal)
    for strategy in strategies:
        TOKEN_REDUCERS.register_module(module=strategy)
    yield 'EdgeReducer'
    for signal in signals:
        del SIGNALS.module_dict[signal.__name__]
    for strategy in strategies:
        del TOKEN_REDUCERS.module_dict[strategy.__name__]


# The contracts take the name of a strategy: here it is the fixture's.
globals().update(
    {key: test for key, test in vars(contracts).items() if key[:5] == 'test_'}
)


def test_patches_with_edges_stay():
    images = torch.zeros(2, 3, 64, 64)
    images[0, :, :32] = torch.rand(3, 32, 64)  # the upper half of the image
    images[1, :, :, 32:] = torch.rand(3, 64, 32)  # the right half
    state = tiny_vit(dict(type='EdgeReducer')).encode(images)
    kept = (state.owner >= 0).view(2, 8, 8)
    assert kept[0, :4].all() and not kept[0, 5:].any()
    assert kept[1, :, 4:].all() and not kept[1, :, :3].any()
    assert state.num_patch_tokens == 32


def test_a_signal_that_is_given_is_not_computed(name):
    energy = torch.arange(64.0).expand(3, -1)
    hints = Hints(signals=dict(EdgeEnergy=energy))
    state = tiny_vit(dict(type=name)).encode(IMAGES, hints)
    kept = state.owner >= 0
    assert kept[:, 32:].all() and not kept[:, :32].any()


def test_a_signal_of_the_text():
    """The model that has the text completes the hints for the tower."""
    vit = tiny_vit(dict(type='ShortTextReducer'))
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]])
    text = TextFeatures(torch.randn(3, 4, 8), torch.randn(3, 8), mask)
    hints = complete_hints(None, vit.reducer.needs, IMAGES, vit, text=text)
    assert hints.signals['TextLength'].tolist() == [3, 2, 1]
    assert vit.encode(IMAGES, hints).num_patch_tokens == 3
    # Without text the signal is missing, and nothing is dropped.
    assert vit.encode(IMAGES).num_patch_tokens == 64
