# Copyright (c) elip_mm contributors. All rights reserved.
"""Weights that come with an installed package, for mmengine's loader."""

from typing import Any

from mmengine.runner import CheckpointLoader

from elip_mm.utils.resources import PACKAGED, local_path

from .loading import load_from_local

__all__ = ['load_from_package']


# mmengine's log message drops the first ten characters of a loader's name.
@CheckpointLoader.register_scheme(prefixes=PACKAGED)
def load_from_package(filename: str, map_location: Any = None) -> Any:
    """Loader of ``pkg://package/file`` for mmengine's ``CheckpointLoader``.

    Args:
        filename (str): The address, see :func:`local_path`.
        map_location (Any): As in :func:`torch.load`. Defaults to None.

    Returns:
        dict: Content of the file; it holds weights.
    """
    return load_from_local(local_path(filename), map_location)
