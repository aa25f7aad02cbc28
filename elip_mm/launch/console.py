# Copyright (c) elip_mm contributors. All rights reserved.
"""Keep the terminal readable; the log file still gets every line."""

import logging

# One line a parameter, and advice on mmengine's own code.
_FILE_ONLY = ('paramwise_options', '"FileClient"', '"HardDiskBackend"')


def shorten_console(logger: logging.Logger) -> None:
    """Keep lines that only matter in a post-mortem off the terminal.

    Args:
        logger (logging.Logger): Logger of a runner; its file handlers are
            left alone.
    """
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(_matters)


def _matters(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_FILE_ONLY)
