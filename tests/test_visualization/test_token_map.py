# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from PIL import Image

from elip_mm.structures import TokenState
from elip_mm.visualization import (
    count_tokens,
    draw_token_map,
    paint_tokens,
    restore_images,
    save_token_sheet,
)


@pytest.fixture
def image():
    """Strong colours on an 8 x 8 grid of patches of 8 pixels."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return cells.repeat(8, axis=0).repeat(8, axis=1)


@pytest.fixture
def state():
    """Rows 0-3 kept, 4-5 merged into one, 6 into pairs, 7 dropped."""
    owner = torch.arange(1, 65).view(8, 8)
    owner[4:6] = 33
    owner[6, 1::2] = owner[6, ::2]
    owner[7] = -1
    start = TokenState.start(torch.zeros(1, 65, 4), (8, 8), 1)
    return replace(start, owner=owner.view(1, -1))


def test_fates_are_counted_and_told(state):
    fates = count_tokens(state)
    assert (fates.kept, fates.merged, fates.regions) == (32, 24, 5)
    assert fates.dropped == 8 and fates.total == 64
    assert str(fates) == '32 kept, 24 merged into 5, 8 dropped'
    untouched = TokenState.start(torch.zeros(1, 65, 4), (8, 8), 1)
    assert str(count_tokens(untouched)) == 'all 64 kept'


def cell(picture, row, column):
    """Pixels of a patch without its edge, where outlines run."""
    side = picture.shape[0] // 8
    rows = slice(row * side + 3, (row + 1) * side - 3)
    return picture[rows, column * side + 3 : (column + 1) * side - 3]


def test_kept_is_clear_merged_pale_and_dropped_dark(image, state):
    picture = paint_tokens(image, state)
    assert picture.shape == (256, 256, 3) and picture.dtype == np.uint8
    for row in range(4):
        for column in range(8):
            assert (
                cell(picture, row, column) == image[row * 8, column * 8]
            ).all()
    big = cell(picture, 4, 0).astype(int)
    assert big.min() > 170 and np.ptp(big, axis=-1).max() <= 1  # no colour
    pair, other = cell(picture, 6, 0), cell(picture, 6, 2)
    assert np.ptp(pair.astype(int), axis=-1).min() > 40  # a colour
    assert np.abs(pair.mean((0, 1)) - other.mean((0, 1))).max() > 20
    assert cell(picture, 7, 3).max() <= 90


def test_uneven_grids_and_other_rows_of_a_batch(image):
    start = TokenState.start(torch.zeros(2, 1 + 15, 4), (3, 5), 1)
    owner = start.owner.clone()
    owner[1, 7:] = 7
    picture = paint_tokens(image[:60], replace(start, owner=owner), index=1)
    assert picture.shape == (300, 320, 3)
    assert (paint_tokens(image[:60], start) == picture)[:100].all()
    assert not (paint_tokens(image[:60], start) == picture)[150:].all()


def test_pictures_come_back_red_green_blue(image):
    for to_rgb in (True, False):
        preprocessor = MODELS.build(
            dict(
                type='mmpretrain.MultiModalDataPreprocessor',
                mean=[120.0, 110.0, 100.0],
                std=[60.0, 61.0, 62.0],
                to_rgb=to_rgb,
            )
        )
        loaded = torch.from_numpy(image[..., ::-1].copy())  # as mmcv does
        data = preprocessor(dict(inputs=loaded.permute(2, 0, 1)[None]))
        restored = restore_images(data['images'], preprocessor)
        assert (restored[0] == image).all()


def test_a_map_shows_the_stages_and_a_sheet_all_rows(image, state, tmp_path):
    start = TokenState.start(torch.zeros(1, 65, 4), (8, 8), 1)
    states = {0: start, 1: start, 2: state, 3: state}
    boxes = np.array([[8.0, 8.0, 24.0, 24.0]])
    plain = draw_token_map(image, states)
    framed = draw_token_map(image, states, 'a red circle', boxes)
    # Layers that reduce nothing have no picture: the image and layer 2.
    assert plain.shape[1] == 580 and framed.shape[0] > plain.shape[0]
    unreduced = draw_token_map(image, {0: start})
    assert unreduced.shape == plain.shape
    path = save_token_sheet(tmp_path / 'new' / 'sheet.png', [plain, framed])
    sheet = np.asarray(Image.open(path))
    assert (sheet[: len(plain)] == plain).all()
    assert len(sheet) == len(plain) + len(framed)
    with pytest.raises(ValueError, match='no picture to write'):
        save_token_sheet(path, [])


def test_many_stages_are_thinned_out_and_the_last_one_stays(image):
    start = TokenState.start(torch.zeros(1, 65, 4), (8, 8), 1)
    states, owner = {}, start.owner
    for layer in range(12):
        owner = owner.clone()
        owner[0, layer] = owner[0, 63]
        states[layer] = replace(start, owner=owner)
    few = draw_token_map(image, states, max_stages=3)
    assert few.shape[1] == 4 * 290
    last = paint_tokens(image, states[11])
    shown = few[:, 3 * 290 :]
    tone = last[5, 5]  # the corner belongs to the merged region
    assert (shown == tone).all(axis=-1).sum() > 100
