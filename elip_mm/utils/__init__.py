# Copyright (c) elip_mm contributors. All rights reserved.
# Imported with the package itself, hence before its requirements are checked:
# nothing here may import another library at the top of its module.
from .versions import check_versions

__all__ = ['check_versions', 'collect_env', 'register_all_modules']


def __getattr__(name: str):
    if name == 'collect_env':
        from .collect_env import collect_env

        return collect_env
    if name == 'register_all_modules':
        from .setup_env import register_all_modules

        return register_all_modules
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
