# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch
from torch import nn

from elip_mm.checkpoint import check_state_dict


def model(width=4, head=True):
    parts = dict(body=nn.Linear(3, width), norm=nn.BatchNorm1d(width))
    if head:
        parts['head'] = nn.Linear(width, 2)
    return nn.ModuleDict(parts)


def test_fitting_checkpoints():
    weights = model().state_dict()
    check_state_dict(model(), weights)
    check_state_dict(model(), dict(state_dict=weights, meta={}))
    wrapped = {f'module.{key}': value for key, value in weights.items()}
    check_state_dict(model(), dict(state_dict=wrapped))
    weights.pop('norm.num_batches_tracked')
    check_state_dict(model(), weights)


def test_missing_weights_need_permission():
    weights = model(head=False).state_dict()
    with pytest.raises(ValueError) as error:
        check_state_dict(model(), weights, source='a.pth')
    assert str(error.value).splitlines() == [
        'a.pth does not fit the model ModuleDict:',
        '  missing in the file: head.weight, head.bias',
        '  Use the config it was trained with.',
        '  To start a training from a part of the weights, set '
        'load_strict=False in the config.',
    ]
    check_state_dict(model(), weights, partial=True)
    with pytest.raises(ValueError, match='unknown to the model: head.weight'):
        check_state_dict(model(head=False), model().state_dict())
    check_state_dict(model(head=False), model().state_dict(), partial=True)


@pytest.mark.parametrize('partial', [False, True])
def test_other_shapes_and_other_models_never_fit(partial):
    with pytest.raises(ValueError) as error:
        check_state_dict(model(), model(width=5).state_dict(), partial=partial)
    assert 'body.weight is [5, 3], not [4, 3], body.bias is [5], not [4]' in (
        str(error.value)
    )
    assert ', ... (7 in all)' in str(error.value)
    assert 'load_strict' not in str(error.value)
    with pytest.raises(ValueError, match='missing in the file'):
        check_state_dict(
            model(), nn.Conv2d(1, 1, 1).state_dict(), partial=partial
        )


@pytest.mark.parametrize('partial', [False, True])
def test_odd_values_are_refused_in_words(partial):
    weights = dict(model().state_dict())
    for odd in (None, 'a', 3, torch.ones(4).to_sparse()):
        weights['body.bias'] = odd
        with pytest.raises(ValueError, match='cannot be loaded|does not fit'):
            check_state_dict(model(), weights, partial=partial)
    for content in ({}, dict(state_dict={}), dict(state_dict=[1]), [1], 3):
        with pytest.raises(ValueError, match='holds'):
            check_state_dict(model(), content, partial=partial)


class Resizing(nn.Linear):
    """Expects two dimensions, as models do that resize what they load."""

    def _load_from_state_dict(self, state_dict, prefix, *args):
        state_dict[f'{prefix}weight'].shape[1]
        super()._load_from_state_dict(state_dict, prefix, *args)


def test_errors_of_a_model_that_resizes_are_ours():
    weights = dict(weight=torch.ones(()), bias=torch.ones(2))
    with pytest.raises(ValueError, match='cannot be loaded into Resizing'):
        check_state_dict(Resizing(3, 2), weights)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
@pytest.mark.parametrize('partial', [False, True])
def test_weights_that_are_not_finite_are_refused(value, partial):
    weights = model().state_dict()
    weights['head.weight'] = weights['head.weight'].clone()
    weights['head.weight'][1, 2] = value
    with pytest.raises(ValueError, match='a.pth holds.*\n.*: head.weight\n'):
        check_state_dict(model(), weights, 'a.pth', partial=partial)


def test_a_buffer_may_hold_infinities_but_no_nan():
    plain, filled = model(), model()
    for one in (plain, filled):
        one.register_buffer('mask', torch.zeros(2))
    weights = filled.state_dict()
    weights['mask'] = torch.tensor([0.0, -float('inf')])
    check_state_dict(plain, weights)
    weights['mask'] = torch.tensor([0.0, float('nan')])
    with pytest.raises(ValueError, match='not finite.*\n.*infinite: mask'):
        check_state_dict(plain, weights)


@pytest.mark.parametrize('partial', [False, True])
def test_a_small_file_with_a_huge_tensor_is_refused_and_not_walked(partial):
    weights = dict(model().state_dict())
    huge = torch.ones(1, 1).expand(10**6, 10**6)
    weights['head.weight'] = huge
    with pytest.raises(ValueError, match='another shape: head.weight'):
        check_state_dict(model(), weights, partial=partial)
