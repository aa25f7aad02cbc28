# Copyright (c) elip_mm contributors. All rights reserved.
import logging

from elip_mm.launch.console import shorten_console


def test_long_lists_go_to_the_file_only(tmp_path, capsys):
    logger = logging.getLogger('test_console')
    logger.propagate = False
    path = tmp_path / 'run.log'
    logger.addHandler(logging.StreamHandler())
    logger.addHandler(logging.FileHandler(path))
    shorten_console(logger)
    logger.warning('paramwise_options -- layers.0.bias: weight_decay=0')
    logger.warning('loss: 1.5')
    assert capsys.readouterr().err.splitlines() == ['loss: 1.5']
    assert len(path.read_text().splitlines()) == 2
