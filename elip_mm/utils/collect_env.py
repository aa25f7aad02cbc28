# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict

from .versions import REQUIREMENTS, installed_version

__all__ = ['collect_env']


def collect_env() -> Dict[str, str]:
    """Collect what a bug report should say about the environment.

    Returns:
        Dict[str, str]: mmengine's description of the machine, followed by
        the versions of the libraries that ``elip_mm`` builds on.
    """
    from mmengine.utils.dl_utils import collect_env as collect_base_env

    from elip_mm.version import __version__

    # A page of compiler flags, which helps nobody here.
    env = {
        key: str(value)
        for key, value in collect_base_env().items()
        if key != 'PyTorch compiling details'
    }
    for need in REQUIREMENTS:
        for name in need.names:
            env[name] = installed_version(name) or 'not installed'
    env['elip_mm'] = __version__
    return env
