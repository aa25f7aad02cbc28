# Copyright (c) elip_mm contributors. All rights reserved.
"""Guidance brought to the norm of the token that it is blended with."""

import re
from pathlib import Path

import pytest
import torch

from elip_mm.structures import Hints
from tests.support.processes import one_at_a_time, run_tool
from tests.support.tiny import GUIDANCE, HINTS, IMAGES, perturb, tiny_vit

ROOT = Path(__file__).parents[3]
RECIPE = (
    ROOT
    / 'configs/clip/clip_vit-base-p16_elip_4xb440-32e_cc12m-coco-sbu-224px.py'
)


def vit(scale, **kwargs):
    reducer = dict(type='elip_mm.ELIPReducer', guidance_scale=scale)
    return perturb(tiny_vit(reducer, **kwargs))


@pytest.mark.parametrize('with_cls', [True, False])
def test_the_text_gets_the_norm_of_what_it_is_blended_with(with_cls):
    tower = vit('match_cls', with_cls_token=with_cls)
    state = tower.embed(IMAGES)
    first = state.tokens[:, 0] if with_cls else state.mean()
    probe = tower.reducer.blend(state, GUIDANCE)
    text = (probe[:, 0] - 0.8 * first) / 0.2
    torch.testing.assert_close(
        text.norm(dim=1), first.norm(dim=1), rtol=1e-4, atol=1e-4
    )
    cosine = torch.cosine_similarity(text, GUIDANCE)
    torch.testing.assert_close(cosine, torch.ones(3))


def test_calibration_makes_the_length_of_the_text_irrelevant():
    tower = vit('match_cls')
    short, long = (
        tower.encode(IMAGES, Hints(guidance=length * GUIDANCE))
        for length in (0.01, 100)
    )
    assert torch.equal(short.owner, long.owner)


def test_off_is_the_default_and_unknown_scales_are_refused():
    plain = perturb(tiny_vit(dict(type='elip_mm.ELIPReducer')))
    ours, theirs = (
        tower.encode(IMAGES, HINTS) for tower in (vit('as_is'), plain)
    )
    assert torch.equal(ours.tokens, theirs.tokens)
    with pytest.raises(ValueError, match='guidance_scale'):
        vit('loud')


def test_a_text_of_zeros_is_no_number_trouble():
    tower = vit('match_cls')
    state = tower.encode(IMAGES, Hints(guidance=torch.zeros_like(GUIDANCE)))
    assert torch.isfinite(state.tokens).all()


@pytest.mark.slow
@one_at_a_time
@pytest.mark.parametrize(
    'scale, share, least, most',
    [
        ('as_is', 0.2, 0, 3),
        # Texts of random weights are alike; independent ones reach 22 to 29.
        ('match_cls', 0.2, 15, 25),
        ('match_cls', 0.3, 20, 40),
    ],
)
def test_captions_are_heard_by_an_untrained_clip(scale, share, least, most):
    option = f'model.vision_backbone.reducer.text_weight={share}'
    done = run_tool(
        'analysis_tools/measure_guidance',
        RECIPE,
        '--guidance-scale',
        scale,
        '--cfg-options',
        option,
    )
    assert done.returncode == 0, done.stderr
    changed = re.search(r'another caption changes (\S+) %', done.stdout)
    assert least <= float(changed[1]) <= most, done.stdout
