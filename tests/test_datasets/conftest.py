# Copyright (c) elip_mm contributors. All rights reserved.
import gc

import pytest


@pytest.fixture(autouse=True)
def _no_full_collection(monkeypatch):
    """Spare the collection that mmengine asks for with every data set.

    It takes a quarter of a second once transformers is loaded, most of the
    time of these tests.
    """
    monkeypatch.setattr(gc, 'collect', lambda *args: 0)
