# Copyright (c) elip_mm contributors. All rights reserved.
"""Decisions are all that guidance changes.

Acceptance: text-weight, no-text-leakage, gradient.

What a pass decided is followed again by passes with other guidance and
another share of the text.
"""

import pytest
import torch

from elip_mm.structures import Hints
from tests.support.tiny import ELIP, GUIDANCE, HINTS, IMAGES, tiny_vit

OTHER = Hints(guidance=-GUIDANCE)


@pytest.fixture(scope='module')
def reduced():
    vit = tiny_vit(ELIP)
    return vit, vit.encode(IMAGES, HINTS)


def gradients(vit, tokens):
    vit.zero_grad()
    (tokens * torch.linspace(-1, 1, 96)).sum().backward()
    return {name: p.grad.clone() for name, p in vit.named_parameters()}


def test_gradients_are_those_of_frozen_decisions(reduced):
    """Nothing flows through ranking, weights or look-ahead.

    Acceptance: gradient.
    """
    vit, state = reduced
    ours = gradients(vit, vit.encode(IMAGES, HINTS).tokens)
    frozen = gradients(vit, vit.encode(IMAGES, follow=state.plans).tokens)
    for name, gradient in ours.items():
        assert torch.equal(gradient, frozen[name]), name


@pytest.mark.parametrize('text_weight', [0.0, 0.5, 1.0])
def test_text_share_works_through_decisions_alone(reduced, text_weight):
    """Acceptance: text-weight, no-text-leakage."""
    vit, state = reduced
    other = tiny_vit(dict(ELIP, text_weight=text_weight))
    followed = other.encode(IMAGES, OTHER, follow=state.plans)
    assert torch.equal(followed.tokens, state.tokens)
    assert torch.equal(followed.owner, state.owner)
    free = other.encode(IMAGES, OTHER)
    assert not torch.equal(free.tokens, state.tokens)


def test_plans_are_constants(reduced):
    """Acceptance: gradient."""
    _, state = reduced
    assert len(state.plans) == 3
    for step in state.plans:
        assert not step.plan.weight.requires_grad
        assert step.plan.weight.dtype == torch.float32


def test_plans_for_other_images_are_refused(reduced):
    vit, state = reduced
    with pytest.raises(ValueError, match='the same images at the same size'):
        vit.encode(IMAGES[:2], follow=state.plans)
