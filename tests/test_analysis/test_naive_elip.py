# Copyright (c) elip_mm contributors. All rights reserved.
"""The baseline computes what ELIP computes, in the way research code does."""

import pytest
import torch

from elip_mm.analysis import NaiveELIPViT, Tower, make_workload
from elip_mm.analysis.counters import count_operators
from tests.support.shape_watch import ShapeWatch
from tests.support.tiny import ARCH, ELIP, HINTS, IMAGES, tiny_vit


def towers():
    ours = tiny_vit(ELIP)
    theirs = NaiveELIPViT(arch=ARCH, img_size=64, patch_size=8, reducer=ELIP)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    return ours, theirs


@pytest.mark.parametrize('hints', [HINTS, None], ids=['text', 'none'])
def test_same_numbers_and_gradients(hints):
    outputs, gradients = [], []
    weight = torch.linspace(-1, 1, 96)
    for vit in towers():
        tokens = vit.encode(IMAGES, hints).tokens
        (tokens * weight).sum().backward()
        outputs.append(tokens)
        gradients.append(dict(vit.named_parameters()))
    torch.testing.assert_close(*outputs, rtol=0, atol=2e-5)
    for name, ours in gradients[0].items():
        worst = (ours.grad - gradients[1][name].grad).abs().max()
        assert worst <= 1e-4 * ours.grad.abs().max(), name


def test_attention_is_materialised_here_and_nowhere_else():
    """That watch of attention does see a matrix where there is one."""
    seen = []
    for vit in towers():
        with ShapeWatch() as watch:
            vit.encode(IMAGES, HINTS)
        seen.append(bool(watch.square({65, 59, 43, 27})))
    assert seen == [False, True]


def test_operators_grow_with_the_batch_in_the_naive_one_only():
    def count(batch, naive):
        tower = Tower(ARCH, 64, 8, batch)
        work = make_workload('x', tower, ELIP, naive=naive)
        work.run()
        return count_operators(work.run)

    assert count(2, False) == count(4, False)
    assert count(2, True) < count(4, True)


def test_plans_of_others_are_refused():
    _, naive = towers()
    with pytest.raises(ValueError, match='follows none'):
        naive.encode(IMAGES, follow=())


def test_a_tower_without_a_size_has_no_sides():
    assert Tower(img_size=[64, 32]).sides == (64, 32)
    with pytest.raises(ValueError, match='img_size is None'):
        _ = Tower(img_size=None).sides
