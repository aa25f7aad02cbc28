# Copyright (c) elip_mm contributors. All rights reserved.
import copy

import pytest
import torch

from elip_mm.checkpoint import find_weights
from elip_mm.checkpoint.contents import check_run_file

from .samples import resumable

WEIGHTS = dict(weight=torch.ones(2))


def test_weights_are_found_with_and_without_what_lies_beside_them():
    assert find_weights(WEIGHTS, 'a') is WEIGHTS
    assert find_weights(dict(state_dict=WEIGHTS, meta=3), 'a') is WEIGHTS
    assert find_weights(dict(model=WEIGHTS), 'a', 'model') is WEIGHTS


@pytest.mark.parametrize(
    'content, message',
    [
        ([1], 'a.pth holds a list, not weights'),
        ({}, 'it has nothing'),
        (dict(state_dict={}), 'no weights under .state_dict.'),
        (dict(state_dict=5, meta=1), "it has 'state_dict', 'meta'"),
        (dict(model=WEIGHTS), r"seem to be under 'model'.*ckpt\['model'\]"),
        ({3: torch.ones(1)}, 'under the name 3'),
    ],
)
def test_other_contents_are_described(content, message):
    with pytest.raises(ValueError, match=message):
        find_weights(content, 'a.pth')


@pytest.mark.parametrize(
    'path, value, message',
    [
        ('meta', None, "it has no 'meta'"),
        ('meta.epoch', '1', 'meta.epoch should be a number'),
        ('meta.iter', -1, 'meta.iter should be a number'),
        ('meta.iter', True, 'meta.iter should be a number'),
        ('meta.seed', 'a', 'meta.seed should be a number'),
        ('message_hub', None, "it has no 'message_hub'"),
        ('message_hub.log_scalars', [], 'log_scalars is missing or is no'),
        ('message_hub.resumed_keys', {1: 1}, 'resumed_keys has the key 1'),
        ('message_hub.runtime_info.keep_ckpt_ids', ['../x'], 'hold numbers'),
        ('message_hub.runtime_info.best_ckpt', 3, 'should be a path'),
        ('optimizer', [], "'optimizer' is no dict"),
        ('param_schedulers', 'a', "'param_schedulers' is no list"),
    ],
)
def test_what_cannot_be_resumed_from_says_why(path, value, message):
    check_run_file(resumable(), 'a.pth')
    content = copy.deepcopy(resumable())
    holder, (*way, last) = content, path.split('.')
    for key in way:
        holder = holder[key]
    holder[last] = value
    with pytest.raises(ValueError, match=message) as error:
        check_run_file(content, 'a.pth')
    assert 'use load_from in place of resume' in str(error.value)
