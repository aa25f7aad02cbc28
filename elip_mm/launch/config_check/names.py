# Copyright (c) elip_mm contributors. All rights reserved.
"""From the ``type`` of a config to what it stands for."""

import difflib
import logging
from functools import cache
from typing import Any, Callable, Dict, Iterable, Optional

import elip_mm.registry as nodes
from elip_mm.utils.quiet import quiet_logger

__all__ = [
    'REGISTRY_OF',
    'alike',
    'known_types',
    'nearest',
    'resolve',
    'suggestion',
]

# Where the type of a part is looked up, by the key that the part stands under;
# other parts are looked up where the whole is, and then everywhere.
REGISTRY_OF = dict(
    model='MODELS',
    data_preprocessor='MODELS',
    init_cfg='WEIGHT_INITIALIZERS',
    override='WEIGHT_INITIALIZERS',
    tokenizer='TOKENIZER',
    reducer='TOKEN_REDUCERS',
    batch_augments='BATCH_AUGMENTS',
    dataset='DATASETS',
    datasets='DATASETS',
    sampler='DATA_SAMPLERS',
    batch_sampler='DATA_SAMPLERS',
    collate_fn='FUNCTIONS',
    worker_init_fn='FUNCTIONS',
    pipeline='TRANSFORMS',
    transforms='TRANSFORMS',
    metrics='METRICS',
    optimizer='OPTIMIZERS',
    vis_backends='VISBACKENDS',
)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known name that is most like another one.

    Args:
        name (str): Any name.
        known (Iterable[str]): Names that exist.
        cutoff (float): How alike they must be, up to 1. Defaults to 0.6.

    Returns:
        str: The name; empty if none is alike.
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return close[0] if close else ''


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that does not exist.

    Args:
        name (str): What was written.
        known (Iterable[str]): What could have been.

    Returns:
        str: With a leading semicolon; empty if nothing is known.
    """
    known = sorted(known)
    close = nearest(name, known)
    if close:
        return f'; did you mean {close}?'
    if not known:
        return ''
    shown = ', '.join(known[:12]) + (', ...' if len(known) > 12 else '')
    return f'; known are {shown}.'


def resolve(
    kind: Any, registry: str, scope: Optional[str] = None
) -> Optional[Callable]:
    """Find what a ``type`` names, as building it would.

    Args:
        kind (str or Callable): The value of ``type``.
        registry (str): Name of a node of :mod:`elip_mm.registry`.
        scope (str, optional): The scope that the part of the config comes
            from (``_scope_``). Defaults to None.

    Returns:
        Callable or None: None if nothing has this name.
    """
    if not isinstance(kind, str):
        return kind if callable(kind) else None
    return _resolve_name(kind, registry, scope)


@cache
def _resolve_name(
    kind: str, registry: str, scope: Optional[str]
) -> Optional[Callable]:
    node = getattr(nodes, registry)
    with quiet_logger(logging.ERROR):  # a failed search is no news here
        try:
            with node.switch_scope_and_registry(scope) as current:
                found = current.get(kind)
            return found if found is not None else node.get(kind)
        except (RuntimeError, ValueError, KeyError):
            return None  # no such name, or no such module


def known_types(registry: str) -> Dict[str, str]:
    """Names in a registry and those that it builds on.

    Args:
        registry (str): Name of a node of :mod:`elip_mm.registry`.

    Returns:
        dict[str, str]: From the bare name to how a config should write it.
    """
    node, prefix = getattr(nodes, registry), 'elip_mm.'
    names: Dict[str, str] = {}
    node.import_from_location()
    while node is not None:
        for name in node.module_dict:
            names.setdefault(name, prefix + name)
        node, prefix = node.parent, ''
    return names


def alike(kind: str, registry: str) -> str:
    """The end of a message about a type that does not exist.

    Args:
        kind (str): What was written.
        registry (str): Where it was looked up.

    Returns:
        str: With what may have been meant.
    """
    known = known_types(registry)
    close = nearest(kind.split('.')[-1], known)
    if close:
        return f'; did you mean {known[close]}?'
    return (
        '; check its spelling, and custom_imports if it is a class of your '
        'own.'
    )
