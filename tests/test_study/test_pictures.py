# Copyright (c) elip_mm contributors. All rights reserved.
"""Pictures of what models keep."""

from elip_mm.study.pictures import draw_kept


def test_only_what_reduces_is_drawn(finished, tmp_path):
    dense, elip = finished
    assert draw_kept(dense, tmp_path, num_images=2) == ()
    assert draw_kept(elip, tmp_path, num_images=2) == ('tokens_elip.png',)
    assert (tmp_path / 'tokens_elip.png').stat().st_size > 1000
