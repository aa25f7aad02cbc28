# Copyright (c) elip_mm contributors. All rights reserved.
"""Several processes on machines without accelerators."""

import gc
import inspect
import os
import subprocess

import torch
from mmengine.config import Config
from mmengine.dist import barrier, is_distributed
from torch import distributed as torch_dist

__all__ = ['distribute_on_cpu', 'launched_rank', 'leave_processes']

# How launchers other than torch's call what torch reads.
_NAMES = {
    'slurm': dict(
        RANK='SLURM_PROCID',
        WORLD_SIZE='SLURM_NTASKS',
        LOCAL_RANK='SLURM_LOCALID',
    ),
    'mpi': dict(
        RANK='OMPI_COMM_WORLD_RANK',
        WORLD_SIZE='OMPI_COMM_WORLD_SIZE',
        LOCAL_RANK='OMPI_COMM_WORLD_LOCAL_RANK',
    ),
}


def distribute_on_cpu(cfg: Config) -> None:
    """Join the other processes over gloo.

    mmengine's own set-up selects a CUDA device, whatever the backend, and
    wraps the model for one. Both are skipped if there is a process group and
    a wrapper in the config.

    Args:
        cfg (Config): The config, with ``launcher``; changed in place.
    """
    if not is_distributed():
        _read_launcher(cfg.launcher)
        torch_dist.init_process_group('gloo')
    wrapper = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    # The name since torch 2.13; the old one warns there.
    arguments = inspect.signature(
        torch.nn.parallel.DistributedDataParallel
    ).parameters
    if 'forward_sync_buffers' in arguments:
        wrapper['forward_sync_buffers'] = False
    else:
        wrapper['broadcast_buffers'] = False
    cfg.model_wrapper_cfg = {**wrapper, **(cfg.get('model_wrapper_cfg') or {})}


def leave_processes() -> None:
    """Leave the other processes in good order, if there are any.

    A thread of gloo that still lets go of a tensor when the interpreter is
    already on its way out aborts the process, and a run that went well counts
    as failed. The threads end with their group, which lives as long as the
    wrapped model does: drop the runner before.
    """
    if is_distributed():
        barrier()
        torch_dist.destroy_process_group()
        gc.collect()  # runner and model refer to each other


def launched_rank(launcher: str) -> int:
    """Rank of this process, known before the processes have met.

    Args:
        launcher (str): ``launcher`` of the config.

    Returns:
        int: 0 if the launcher says nothing.
    """
    name = _NAMES.get(launcher, {}).get('RANK', 'RANK')
    return 0 if launcher == 'none' else int(os.environ.get(name, 0))


def _read_launcher(launcher: str) -> None:
    """Tell torch what the launcher says about this process."""
    names = _NAMES.get(launcher, {})
    for ours, theirs in names.items():
        if theirs not in os.environ:
            raise ValueError(
                f'--launcher {launcher}, but {theirs} is not set: start the '
                'tool through that launcher, or use --launcher none.'
            )
        os.environ[ours] = os.environ[theirs]
    if launcher == 'slurm' and 'MASTER_ADDR' not in os.environ:
        nodes = subprocess.check_output(
            ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']],
            text=True,
        )
        os.environ['MASTER_ADDR'] = nodes.split()[0]
    os.environ.setdefault('MASTER_ADDR', '127.0.0.1')
    os.environ.setdefault('MASTER_PORT', '29500')
    missing = [
        name for name in ('RANK', 'WORLD_SIZE') if name not in os.environ
    ]
    if missing:
        raise ValueError(
            f'--launcher {launcher}, but {" and ".join(missing)} not set: '
            'start the tool through tools/dist_train.sh or '
            'tools/dist_test.sh, or use --launcher none.'
        )
