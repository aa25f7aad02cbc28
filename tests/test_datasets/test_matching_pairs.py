# Copyright (c) elip_mm contributors. All rights reserved.
import json

import pytest

from elip_mm.datasets import MatchingPairs
from tests.test_datasets.test_image_text_pairs import PAIRS, TEST


@pytest.fixture
def gallery(tmp_path):
    """Three images, of which the third has no caption."""
    captions = ['a red kite', 'a blue star', []]
    (tmp_path / 'a.json').write_text(
        json.dumps(
            [
                dict(image=f'{i}.jpg', caption=caption)
                for i, caption in enumerate(captions)
            ]
        )
    )
    return dict(
        type='elip_mm.ImageTextPairs',
        ann_file=str(tmp_path / 'a.json'),
        data_prefix=str(PAIRS / 'images'),
        pipeline=TEST,
        test_mode=True,
    )


def test_images_without_captions_get_a_mismatch(gallery):
    samples = [item['data_samples'] for item in MatchingPairs(gallery)]
    assert [s.gt_label.item() for s in samples] == [1, 0, 0]
    assert [s.text for s in samples][:2] == ['a red kite'] * 2
    assert samples[2].text in ('a red kite', 'a blue star')


def test_a_seed_must_be_a_whole_number(gallery):
    with pytest.raises(ValueError, match='MatchingPairs: seed must be'):
        MatchingPairs(gallery, seed='0')
