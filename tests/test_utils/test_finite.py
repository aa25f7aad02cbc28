# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch

from elip_mm.utils.finite import all_finite, broken_weights

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('bad', [NAN, INF, -INF])
@pytest.mark.parametrize('place', [0, 1])
def test_one_number_is_enough(dtype, bad, place):
    tensors = [torch.ones(3, 4, dtype=dtype), torch.ones(7, dtype=dtype)]
    assert all_finite(tensors)
    tensors[place].view(-1)[-1] = bad
    assert not all_finite(tensors)


def test_large_numbers_are_finite():
    assert all_finite([torch.full((1000,), 3e38), torch.tensor(-3e38)])
    assert all_finite([]) and all_finite([torch.tensor(5), torch.empty(0)])


def test_buffers_may_hold_infinities():
    weights = dict(
        good=torch.ones(2),
        bad=torch.tensor([1.0, INF]),
        mask=torch.tensor([-INF, 0.0]),
        queue=torch.tensor([NAN]),
        count=torch.tensor(3),
        extra='text',
    )
    assert broken_weights(weights.items(), {'good', 'bad'}) == ['bad', 'queue']
