# Copyright (c) elip_mm contributors. All rights reserved.
"""Ctrl-C before a training has begun is no reason for a traceback."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.mark.parametrize('name', ['train', 'test'])
def test_interrupt_while_libraries_are_imported(name):
    tool = subprocess.Popen(
        [sys.executable, '-X', 'importtime', TOOLS / f'{name}.py', 'a', 'b'],
        stderr=subprocess.PIPE,
        text=True,
        # Where tests run in the background it may be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # Each line of this option is a module; `yaml` comes long before torch.
    for line in tool.stderr:
        if line.endswith((' numpy\n', ' yaml\n', ' rich.console\n')):
            tool.send_signal(signal.SIGINT)
            break
    said = tool.communicate()[1]
    assert tool.returncode == -signal.SIGINT
    assert 'Traceback' not in said
