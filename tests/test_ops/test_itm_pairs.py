# Copyright (c) elip_mm contributors. All rights reserved.
"""What a similarity that is not finite does to the draw of negatives."""

import pytest
import torch

from elip_mm.ops import draw_negatives, negative_weights

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize('bad', [NAN, INF])
@pytest.mark.parametrize('floor', [0.0, 1e-4])
def test_a_broken_query_draws_from_all_but_its_own(bad, floor):
    logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    expected = negative_weights(logits, floor=floor)
    logits[1, 2] = bad
    weights = negative_weights(logits, floor=floor)
    assert weights[1, 1] == 0 and len(set(weights[1, [0, 2, 3]].tolist())) == 1
    others = [0, 2, 3]
    assert torch.equal(weights[others], expected[others])
    assert draw_negatives(weights).tolist()[1] != 1


def test_the_message_says_that_features_or_scores_are_not_finite():
    weights = torch.ones(3, 3)
    weights[2, 0] = NAN
    with pytest.raises(
        ValueError, match=r'queries \[2\] are not finite.*feat'
    ):
        draw_negatives(weights)
