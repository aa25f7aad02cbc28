# Copyright (c) elip_mm contributors. All rights reserved.
"""Low-rank adaptation of towers, in all five models."""

import pytest
import torch

from elip_mm.checkpoint import check_complete, check_state_dict
from tests.support.tiny import (
    ELIP,
    IMAGES,
    perturb,
    random_ids,
    tiny_clip,
)
from tests.support.tiny_momentum import tiny_pretrainer, total, toy_pairs
from tests.test_models.test_pretrainers.test_meter import inputs, meter

VISION = dict(vision_backbone=dict(rank=2, targets=['qkv', 'proj']))
SIGMOID = dict(
    type='elip_mm.SigLIPPretrainer',
    heads=dict(sigmoid=dict(type='elip_mm.SigmoidHead')),
)


def lora(*targets):
    """Both towers are adapted."""
    return dict(VISION, text_encoder=dict(rank=3, alpha=6, targets=targets))


def adapted(family):
    """A model that trains little of its towers, and a batch."""
    pairs = IMAGES, random_ids(3)
    if family == 'clip':
        return tiny_clip(ELIP, lora=lora('qkv')), pairs
    if family == 'siglip':
        return tiny_clip(ELIP, lora=lora('qkv', 'proj'), **SIGMOID), pairs
    if family == 'meter':
        model = meter(**{'model.lora': lora('query', 'value')})
        return model, inputs(model)
    return tiny_pretrainer(family, lora=lora('query', 'dense')), toy_pairs(3)


FAMILIES = pytest.mark.parametrize(
    'family', ['clip', 'siglip', 'albef', 'blip', 'meter']
)


@FAMILIES
def test_a_step_trains_the_adaptation_and_what_is_not_a_tower(family):
    model, batch = adapted(family)
    perturb(model).train()  # up from zero, so that gradients reach all
    total(model.compute_losses(*batch)).backward()
    for name, parameter in model.named_parameters():
        if name.startswith('momentum_encoder.'):
            continue
        tower = name.startswith(('vision_backbone.', 'text_encoder.'))
        little = '.lora_' in name
        assert parameter.requires_grad == (little or not tower), name
        if little:
            assert parameter.grad.abs().sum() > 0, name
        elif tower:
            assert parameter.grad is None, name


@FAMILIES
def test_files_hold_all_of_it_and_fit_strictly(family):
    model, _ = adapted(family)
    perturb(model)
    check_complete(model)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    again, _ = adapted(family)
    check_state_dict(again, state)
    for key, value in again.state_dict().items():
        assert torch.equal(value, state[key]), key
    state.pop(next(key for key in state if key.endswith('lora_up')))
    with pytest.raises(ValueError, match='missing in the file: .*lora_up'):
        check_state_dict(again, state)


@FAMILIES
def test_a_file_of_the_plain_model_starts_it(family):
    model, _ = adapted(family)
    state = perturb(model).state_dict()
    plain = {k: v.clone() for k, v in state.items() if '.lora_' not in k}
    again, _ = adapted(family)
    check_state_dict(perturb(again, seed=4), plain)
    for key, value in again.state_dict().items():
        if key.endswith('lora_up'):
            assert not value.any(), key
        elif '.lora_' not in key:
            assert torch.equal(value, plain[key]), key


def test_what_does_not_go_together_is_named():
    with pytest.raises(ValueError, match='in frozen and in lora'):
        tiny_clip(frozen=['vision_backbone'], lora=VISION)
    with pytest.raises(ValueError, match="lora names 'visual', which is no"):
        tiny_clip(lora=dict(visual=VISION['vision_backbone']))
