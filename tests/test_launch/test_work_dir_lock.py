# Copyright (c) elip_mm contributors. All rights reserved.
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from elip_mm.launch import work_dir_lock
from elip_mm.launch.work_dir_lock import LOCK_FILE, lock_work_dir

# Holds a folder, with a child process as data loaders have them.
HOLD = """
import os, runpy, sys, time
lock = runpy.run_path(sys.argv[1])['lock_work_dir']
with lock(sys.argv[2]):
    child = os.fork()
    if child == 0:
        time.sleep(60)
    print(child, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder, and the id of its child."""
    process = subprocess.Popen(
        [sys.executable, '-c', HOLD, work_dir_lock.__file__, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(process.stdout.readline())
    yield process, child
    os.kill(child, 9)
    process.kill()
    process.wait()


def test_the_message_says_who_holds_it(tmp_path, holder):
    process, _ = holder
    for _ in range(2):  # a refusal changes nothing
        with pytest.raises(ValueError) as caught, lock_work_dir(tmp_path):
            pass
        message = str(caught.value)
        assert f'another training uses {tmp_path}' in message
        owner = f'process {process.pid} on {socket.gethostname()}, since 20'
        assert owner in message and '--work-dir' in message


def test_a_dead_owner_holds_nothing(tmp_path, holder):
    process, child = holder
    process.kill()
    process.wait()
    os.kill(child, 0)  # a worker lives on
    with lock_work_dir(tmp_path):
        text = (tmp_path / LOCK_FILE).read_text()
    assert f'process {os.getpid()} on' in text


def test_one_process_holds_a_folder_once(tmp_path):
    with lock_work_dir(tmp_path / 'a'):
        with lock_work_dir(tmp_path / 'b'):
            pass
        with pytest.raises(ValueError, match='this very process'):
            with lock_work_dir(Path(tmp_path, 'b', '..', 'a')):
                pass
    with lock_work_dir(tmp_path / 'a'):
        assert (tmp_path / 'a' / LOCK_FILE).stat().st_size > 0
    assert (tmp_path / 'a' / LOCK_FILE).stat().st_size == 0


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(95, 'Operation not supported')

    monkeypatch.setattr(work_dir_lock.fcntl, 'lockf', refuse)
    with pytest.warns(UserWarning, match='make sure that no other training'):
        with lock_work_dir(tmp_path):
            assert (tmp_path / LOCK_FILE).exists()
