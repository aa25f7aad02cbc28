# Copyright (c) elip_mm contributors. All rights reserved.
"""Processes of their own for tests, without the seconds that imports take.

A server imports the libraries once, and each new process is a copy of it. It
has imported nothing of ours, so a tool that forgets to register something
fails here as it does for a user. Where the system cannot copy processes, they
start from nothing.
"""

import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List, Optional

import pytest
import torch.distributed as dist
import torch.multiprocessing

ROOT = Path(__file__).resolve().parents[2]
# One process of pytest runs all tests that start processes: two pairs at once
# would fight for the cores, and each would start a server.
one_at_a_time = pytest.mark.xdist_group('processes')

_LIBRARIES = [
    'cv2',
    'matplotlib.figure',
    'mmengine.runner',
    'mmpretrain.apis',
    'mmpretrain.datasets',
    'mmpretrain.engine',
    'mmpretrain.evaluation',
    'mmpretrain.models',
    'mmpretrain.visualization',
    'tokenizers',
    'torch.testing',
    'torchvision',
    'transformers.models.bert.modeling_bert',
]
_METHOD = 'spawn'
if 'forkserver' in multiprocessing.get_all_start_methods():
    _METHOD = 'forkserver'
    multiprocessing.set_forkserver_preload(_LIBRARIES)


def run_processes(work: Callable, *args: object, count: int = 2) -> None:
    """Call a function in several processes at once.

    Args:
        work (Callable): Gets the rank, then the arguments. It must be found
            by its name in an importable module.
        *args: Further arguments, which must be picklable.
        count (int): Number of processes. Defaults to 2.
    """
    torch.multiprocessing.start_processes(
        work, args, nprocs=count, start_method=_METHOD
    )


def run_ranks(
    work: Callable, folder: Path, *args: object, count: int = 2
) -> None:
    """Call a function in processes of one group, on one thread each.

    Args:
        work (Callable): As for :func:`run_processes`.
        folder (Path): Where they meet; used once for each count.
        *args: Further arguments.
        count (int): Number of processes. Defaults to 2.
    """
    meeting = f'file://{folder}/rendezvous{count}'
    run_processes(_join_group, work, meeting, count, args, count=count)


def _join_group(
    rank: int, work: Callable, rendezvous: str, count: int, args: tuple
) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=rendezvous, rank=rank, world_size=count
    )
    work(rank, *args)
    dist.barrier()
    dist.destroy_process_group()


def run_tool(
    tool: str, *args: object, **environ: str
) -> subprocess.CompletedProcess:
    """Run a tool as ``python tools/TOOL.py`` does, in the repository.

    Args:
        tool (str): Path below ``tools``, without ``.py``.
        *args: Arguments of the command line.
        **environ: More environment variables.

    Returns:
        CompletedProcess: Exit code, and what was printed.
    """
    return _Run(tool, args, environ).wait()


def run_tool_twice(
    tool: str, *args: object
) -> List[subprocess.CompletedProcess]:
    """Run a tool in two processes, as ``tools/dist_*.sh`` do.

    Args:
        tool (str): Path below ``tools``, without ``.py``.
        *args: Arguments of the command line, except ``--launcher``.

    Returns:
        list[CompletedProcess]: One for each process.
    """
    shared = dict(
        MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()), WORLD_SIZE='2'
    )
    runs = [
        _Run(
            tool,
            (*args, '--launcher', 'pytorch'),
            dict(shared, RANK=str(rank), LOCAL_RANK=str(rank)),
        )
        for rank in range(2)
    ]
    return [run.wait() for run in runs]


def free_port() -> int:
    """A port on which nobody listens right now."""
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class _Run:
    """A tool that runs."""

    def __init__(self, tool: str, args: tuple, environ: Dict[str, str]):
        self.command = [str(ROOT / 'tools' / f'{tool}.py'), *map(str, args)]
        self.folder = tempfile.TemporaryDirectory()
        self.process = multiprocessing.get_context(_METHOD).Process(
            target=_run_script,
            args=(self.command, environ, self.folder.name),
        )
        self.process.start()

    def wait(
        self, timeout: Optional[float] = 300
    ) -> subprocess.CompletedProcess:
        """Wait until it ends."""
        self.process.join(timeout)
        if self.process.is_alive():
            self.process.kill()
            raise subprocess.TimeoutExpired(self.command, timeout)
        with self.folder as folder:
            out, error = (
                (Path(folder) / name).read_text() for name in ('out', 'error')
            )
        code = self.process.exitcode
        return subprocess.CompletedProcess(self.command, code, out, error)


def _run_script(
    command: List[str], environ: Dict[str, str], folder: str
) -> None:
    """Be ``python COMMAND`` in this process, with output to files."""
    for number, name in ((1, 'out'), (2, 'error')):
        with open(Path(folder) / name, 'w') as file:
            os.dup2(file.fileno(), number)
    os.environ.update(environ)
    os.chdir(ROOT)
    # As nobody has chosen yet, where Python starts from nothing.
    multiprocessing.set_start_method(None, force=True)
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    runpy.run_path(command[0], run_name='__main__')
