# Copyright (c) elip_mm contributors. All rights reserved.
# Imported with the package itself, hence before its requirements are checked:
# what is imported here must not import other libraries at its top.
from .collect_env import collect_env
from .setup_env import register_all_modules
from .versions import check_versions

__all__ = ['check_versions', 'collect_env', 'register_all_modules']
