# Copyright (c) elip_mm contributors. All rights reserved.
"""Models by their names in the metafiles."""

import difflib
import fnmatch
import functools
from os import PathLike
from typing import Any, Dict, List, Optional, Union

from mmengine.config import Config
from torch import nn

from elip_mm.utils.resources import find_resource

from .model import Device, init_model


def list_models(pattern: Optional[str] = None) -> List[str]:
    """List the models of this library.

    From the first call on, ``mmpretrain.list_models`` and
    ``mmpretrain.get_model`` know them as well.

    Args:
        pattern (str, optional): Beginning of the names, with ``*`` for
            anything. Defaults to None, all models.

    Returns:
        list[str]: Their names, sorted.

    Examples:
        >>> list_models('clip_vit-base*elip')
    """
    names = sorted(_models())
    return fnmatch.filter(names, f'{pattern}*') if pattern else names


def get_model(
    name: str,
    pretrained: Union[bool, str, PathLike] = False,
    device: Device = 'cpu',
    **overrides,
) -> nn.Module:
    """Build a model by its name.

    Args:
        name (str): One of :func:`list_models`.
        pretrained (bool, str or Path): True for the published weights, or
            path or URL of others. Defaults to False, random weights.
        device (str or torch.device): Where it goes. Defaults to 'cpu'.
        **overrides: Changes of the model's config, as in
            ``vision_backbone=dict(img_size=288)``.

    Returns:
        nn.Module: As :func:`init_model` returns it.
    """
    info = _find(name)
    checkpoint: Union[str, PathLike, None] = None
    if pretrained is True:
        checkpoint = _published(info)
    elif not isinstance(pretrained, bool):
        checkpoint = pretrained
    options = {'model': overrides} if overrides else None
    return init_model(
        Config.fromfile(info.config), checkpoint, device, options
    )


@functools.cache
def _models() -> Dict[str, Any]:
    """Entries of the metafiles by name; mmpretrain learns them as well."""
    # mmpretrain keeps its models in this class, as all downstream libraries
    # may: what is registered here is found by its own functions.
    from mmpretrain.apis.model import ModelHub

    class OurHub(ModelHub):
        _models_dict: Dict[str, Any] = {}  # apart from mmpretrain's models

    index = find_resource('model-index.yml')
    OurHub.register_model_index(index, config_prefix=index.parent)
    ModelHub._models_dict.update(OurHub._models_dict)
    return OurHub._models_dict


def _find(name: str) -> Any:
    models = _models()
    if name.lower() in models:
        return models[name.lower()]
    close = difflib.get_close_matches(name.lower(), models, n=3, cutoff=0.4)
    guess = f'; did you mean {" or ".join(close)}?' if close else '.'
    raise ValueError(
        f'there is no model {name!r}; list_models() has all names{guess}'
    )


def _published(info: Any) -> str:
    """Where the weights of a model are."""
    if info.weights:
        return info.weights
    have = sorted(name for name, one in _models().items() if one.weights)
    raise ValueError(
        f'{info.name} has no published weights; models with weights are '
        f'{", ".join(have)}. Give the path of a '
        'checkpoint as `pretrained`, or leave it out for random weights.'
    )
