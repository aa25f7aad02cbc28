# Copyright (c) elip_mm contributors. All rights reserved.
"""How hints are completed, and what is refused."""

import pytest
import torch

from elip_mm.models.reducers import TokenReducer, complete_hints
from elip_mm.ops import hash_images
from elip_mm.registry import SIGNALS, TOKEN_REDUCERS
from elip_mm.structures import Hints
from tests.support.tiny import GUIDANCE, HINTS, IMAGES, tiny_vit


def test_only_what_is_needed_is_computed():
    vit = tiny_vit()
    assert complete_hints(HINTS, ('guidance',), IMAGES, vit) is HINTS
    hints = complete_hints(HINTS, ('sample_keys', 'scores'), IMAGES, vit)
    assert torch.equal(hints.sample_keys, hash_images(IMAGES))
    assert hints.guidance is GUIDANCE and hints.scores is None
    again = complete_hints(hints, ('sample_keys',), IMAGES[:1], vit)
    assert again is hints


def test_signals_carry_no_gradient(monkeypatch):
    monkeypatch.setitem(
        SIGNALS.module_dict,
        'mean',
        lambda: lambda images, text, tower: images.mean(dim=(1, 2, 3)),
    )
    images = IMAGES.clone().requires_grad_()
    hints = complete_hints(None, ('mean',), images, tiny_vit())
    assert not hints.get('mean').requires_grad


def test_a_signal_with_another_number_of_rows_is_refused(monkeypatch):
    monkeypatch.setitem(
        SIGNALS.module_dict,
        'half',
        lambda: lambda images, text, tower: images[:1].mean(dim=(1, 2, 3)),
    )
    with pytest.raises(ValueError, match="'half' must give one row per"):
        complete_hints(None, ('half',), IMAGES, tiny_vit())


@pytest.mark.parametrize(
    'needs, message',
    [
        (('colour',), r"needs 'colour', but there is only .*sample_keys"),
        ('scores', r'needs must be a tuple'),
    ],
)
def test_needs_that_nobody_meets_are_refused_when_built(
    needs, message, monkeypatch
):
    strange = type('Strange', (TokenReducer,), dict(needs=needs))
    monkeypatch.setitem(TOKEN_REDUCERS.module_dict, 'Strange', strange)
    with pytest.raises(ValueError, match=message):
        tiny_vit(dict(type='Strange'))


@pytest.mark.parametrize(
    'hints, message',
    [
        (Hints(guidance=GUIDANCE[:2]), r'guidance of shape \(3, 96\)'),
        (Hints(scores=torch.rand(3, 65)), 'one score per patch'),
        (Hints(sample_keys=torch.arange(2)), 'one sample key per image'),
        (Hints(signals=dict(x=torch.rand(2))), "'x' has 2 rows for 3"),
    ],
)
def test_hints_of_other_images_are_refused(hints, message):
    with pytest.raises(ValueError, match=message):
        tiny_vit()(IMAGES, hints)


def test_a_tensor_is_not_hints():
    with pytest.raises(TypeError, match=r'write Hints\(guidance=...\)'):
        tiny_vit()(IMAGES, GUIDANCE)
