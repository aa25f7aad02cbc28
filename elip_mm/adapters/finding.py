# Copyright (c) elip_mm contributors. All rights reserved.
"""Which adapter serves a model, without importing what nobody uses."""

import sys
from importlib import import_module
from typing import Optional, Type

from mmengine.utils import get_object_from_string
from torch import nn

from elip_mm.registry import MODEL_ADAPTERS

from .base import ModelAdapter

# Package that defines models: module that registers their adapters.
_ADAPTER_MODULES = {
    'mmpretrain.models.multimodal.blip': 'elip_mm.adapters.blip',
    'mmpretrain.models.multimodal.clip': 'elip_mm.adapters.clip',
    'mmpretrain.models.classifiers': 'elip_mm.adapters.classifier',
}


def find_adapter(model: nn.Module) -> Optional[ModelAdapter]:
    """Find the adapter of a model.

    Its own class comes first, then the classes that it is made from. Of
    several adapters of one class, the one that was registered last counts.

    Args:
        model (nn.Module): The model.

    Returns:
        ModelAdapter or None: None if there is none for its classes.
    """
    for kind in type(model).__mro__:
        _import_adapters_of(kind)
        for adapter in reversed(list(MODEL_ADAPTERS.module_dict.values())):
            if _serves(adapter, kind):
                return adapter()
    return None


def _import_adapters_of(kind: type) -> None:
    """Import the module with the adapters for a class, if there is one."""
    for package, module in _ADAPTER_MODULES.items():
        if f'{kind.__module__}.'.startswith(f'{package}.'):
            import_module(module)


def _serves(adapter: Type[ModelAdapter], kind: type) -> bool:
    """Whether an adapter names a class, as a class or by its path."""
    named = adapter.model_type
    if not isinstance(named, str):
        return named is kind
    package = named.split('.')[0]
    # A class of another library, which may not even be installed.
    if package != kind.__module__.split('.')[0] or package not in sys.modules:
        return False
    return get_object_from_string(named) is kind
