# Copyright (c) elip_mm contributors. All rights reserved.
# Imported with the package itself, hence before its requirements are checked:
# what is imported here must not import other libraries at its top.
from .collect_env import collect_env
from .versions import check_versions

__all__ = ['check_versions', 'collect_env', 'register_all_modules']


def register_all_modules(init_default_scope: bool = True) -> None:
    """Register all types, see :func:`elip_mm.launch.register_all_modules`."""
    from elip_mm.launch.setup_env import register_all_modules as register

    register(init_default_scope)
