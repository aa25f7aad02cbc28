# Copyright (c) elip_mm contributors. All rights reserved.
import logging
from contextlib import contextmanager
from typing import Iterator

from mmengine.logging import MMLogger

__all__ = ['quiet_logger']


@contextmanager
def quiet_logger(level: int = logging.WARNING) -> Iterator[None]:
    """Keep lines of mmengine's current logger back while the context lasts.

    Building a model logs how each parameter was initialised, and looking up
    a type where it was not found.

    Args:
        level (int): The lowest level that is still logged. Defaults to
            ``logging.WARNING``.
    """
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
