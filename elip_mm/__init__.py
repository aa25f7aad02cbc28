# Copyright (c) elip_mm contributors. All rights reserved.
from .utils.versions import check_versions
from .version import __version__

# Before anything heavy is imported: see the module for the reasons.
check_versions()

__all__ = ['__version__']
