# Copyright (c) elip_mm contributors. All rights reserved.
"""A part must not strike the rest off a checkpoint."""

import pytest

from elip_mm.checkpoint import check_complete, check_state_dict
from tests.support.tiny import ARCH, tiny_clip

ADAPTED = dict(
    type='mmpretrain.LoRAModel',
    module=dict(
        type='elip_mm.PrunedViT',
        arch=ARCH,
        img_size=64,
        patch_size=8,
        pre_norm=True,
    ),
    rank=2,
    targets=[dict(type='qkv')],
)


def test_a_part_that_loses_the_rest_is_refused():
    """Weights of the whole model, not of the part alone, are struck off."""
    model = tiny_clip(vision_backbone=ADAPTED)
    assert set(model.state_dict()) < {n for n, _ in model.named_parameters()}
    with pytest.raises(ValueError) as error:
        check_complete(model)
    assert 'would hold 55 of its 206 tensors' in str(error.value)
    assert 'lost: vision_backbone.module.cls_token, ' in str(error.value)
    assert 'lora=dict(vision_backbone=' in str(error.value)


def test_a_file_that_has_lost_it_does_not_fit():
    """Although the model's own report after loading hides what is missing."""
    model = tiny_clip(vision_backbone=ADAPTED)
    state = model.state_dict()
    report = model.load_state_dict(state, strict=False)
    assert not any('vision' in name for name in report.missing_keys)
    with pytest.raises(ValueError, match='missing in the file.*cls_token'):
        check_state_dict(model, state)


def test_what_is_saved_counts():
    model = tiny_clip()
    check_complete(model)
    names = list(model.state_dict())
    names.remove('text_neck.proj')
    with pytest.raises(ValueError, match='lost: text_neck.proj'):
        check_complete(model, names)
