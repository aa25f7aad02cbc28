# Copyright (c) elip_mm contributors. All rights reserved.
"""Safe reading of whatever mmengine loads, through its extension point."""

import functools
import os
from typing import Any, Callable, Optional
from urllib.parse import urlparse

import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.runner import CheckpointLoader
from mmengine.utils import digit_version

from elip_mm.utils.resources import PACKAGED, local_path

from .config_text import set_config_text_aside
from .contents import find_weights
from .plain_data import check_bounded
from .reading import load_checkpoint_file

__all__ = ['use_safe_loading']


def use_safe_loading() -> None:
    """Let mmengine load every checkpoint without executing code from it.

    From then on :func:`load_checkpoint_file` reads local files and files
    fetched over HTTP, in the whole process: for the runner, for
    ``init_cfg=dict(type='Pretrained')`` and for mmpretrain's ``get_model``.
    Importing ``elip_mm`` alone changes nothing. The tools and
    :class:`CheckpointHook` call this; a second call does nothing.
    """
    if CheckpointLoader._schemes.get('') is load_from_local:
        return
    CheckpointLoader.register_scheme('', load_from_local, force=True)
    CheckpointLoader.register_scheme(
        ['http://', 'https://'], load_from_http, force=True
    )
    CheckpointLoader.register_scheme(PACKAGED, load_from_package, force=True)
    # These loaders of mmengine call torch.load in their own ways.
    safe = digit_version(torch.__version__) >= digit_version('2.6')
    for scheme, loader in list(CheckpointLoader._schemes.items()):
        if scheme and not scheme.startswith(('http', PACKAGED)):
            CheckpointLoader.register_scheme(
                scheme, _checked(loader) if safe else _refuse, force=True
            )


# mmengine's log message drops the first ten characters of a loader's name.
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Loader of local files for mmengine's ``CheckpointLoader``.

    Args:
        filename (str): The file.
        map_location (Any): As in :func:`torch.load`. Defaults to None.

    Returns:
        dict: Content of the file; it holds weights.
    """
    content = load_checkpoint_file(filename, map_location)
    find_weights(content, filename)
    return content


def load_from_package(filename: str, map_location: Any = None) -> Any:
    """Loader of weights that come with an installed package.

    Args:
        filename (str): Address as ``pkg://package/file``, see
            :func:`elip_mm.utils.resources.local_path`.
        map_location (Any): As in :func:`torch.load`. Defaults to None.

    Returns:
        dict: Content of the file; it holds weights.
    """
    return load_from_local(local_path(filename), map_location)


def load_from_http(
    filename: str,
    map_location: Any = None,
    model_dir: Optional[str] = None,
) -> Any:
    """Loader of files fetched over HTTP for mmengine's ``CheckpointLoader``.

    Args:
        filename (str): The address.
        map_location (Any): As in :func:`torch.load`. Defaults to None.
        model_dir (str, optional): Folder that keeps the fetched files. If
            None, that of :mod:`torch.hub`. Defaults to None.

    Returns:
        dict: Content of the file; it holds weights.
    """
    folder = model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints')
    path = os.path.join(folder, os.path.basename(urlparse(filename).path))
    if get_dist_info()[0] == 0 and not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        torch.hub.download_url_to_file(filename, path)
    barrier()
    return load_from_local(path, map_location)


def _checked(loader: Callable) -> Callable:
    """A loader of mmengine whose result is looked at like all others."""

    @functools.wraps(loader)
    def load(filename: str, map_location: Any = None) -> Any:
        content = loader(filename, map_location)
        check_bounded(content, filename)
        find_weights(set_config_text_aside(content), filename)
        return content

    return load


def _refuse(filename: str, map_location: Any = None) -> Any:
    raise ValueError(
        f'{filename}: with torch {torch.__version__} files of this kind are '
        'loaded in a way that can run code from them. Fetch the file and give '
        'its path, or use torch 2.6 or newer.'
    )
