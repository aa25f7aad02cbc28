# Copyright (c) elip_mm contributors. All rights reserved.
import logging

import pytest
from mmengine.logging import MMLogger

from elip_mm.utils.quiet import quiet_logger


def test_the_level_comes_back_whatever_happens():
    logger = MMLogger.get_current_instance()
    before = logger.level
    with pytest.raises(KeyError), quiet_logger(logging.ERROR):
        assert logger.level == logging.ERROR
        raise KeyError
    assert logger.level == before
