# Copyright (c) elip_mm contributors. All rights reserved.
"""Keys of the parts of a config that name a ``type``, however deep."""

import inspect
from typing import Any, Callable, Iterable, Mapping, Optional, Tuple

from torch import nn

import elip_mm.registry as nodes
from elip_mm.utils.type_names import type_name

from .findings import Path, Report
from .names import REGISTRY_OF, alike, resolve
from .signatures import accepted_arguments, keys_taken
from .towers import check_preprocessor, check_setting

__all__ = ['check_part', 'check_value', 'find_type']

# What is said of data, of the outer world or of names of modules, with keys
# of one's own.
_FREE = {
    'algorithm_keys',
    'custom_keys',
    'data_prefix',
    'imports',
    'key_mapping',
    'meta_keys',
    'metainfo',
    'targets',
}
# What mmengine and mmpretrain take out of a part before they build it: by
# where its type is registered, and by the key that it stands under.
_BY_REGISTRY = dict(
    HOOKS={'priority'},
    PARAM_SCHEDULERS={'convert_to_iter_based'},
    WEIGHT_INITIALIZERS={'override', 'layer', 'name'},
)
_BY_KEY = dict(
    norm_cfg={'requires_grad'},
    policies={'magnitude_key', 'magnitude_range'},
)


def check_value(
    value: Any,
    path: Path,
    registry: str,
    report: Report,
    *,
    more: Iterable[str] = (),
    lax: bool = False,
) -> None:
    """Check whatever stands under a key.

    Args:
        value (Any): A part that names its type, a list, a plain dict or a
            plain value.
        path (tuple[str]): Where it stands.
        registry (str): Where types are looked up, if the keys on the way do
            not say.
        report (Report): Gets what is wrong.
        more (Iterable[str]): Keys that are taken out before it is built.
            Defaults to ().
        lax (bool): Whether types that nobody knows are left alone, for they
            may be none. Defaults to False.
    """
    key = path[-1]
    if key in _FREE:
        return
    registry = REGISTRY_OF.get(key, registry)
    if isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            where = (*path, str(index))
            check_value(child, where, registry, report, more=more, lax=lax)
    elif not isinstance(value, Mapping):
        return
    elif 'type' in value:
        check_part(value, path, registry, report, more=more, lax=lax)
    elif key == 'data_preprocessor':
        check_preprocessor(value, path, report)
    else:
        for name, child in value.items():
            check_value(child, (*path, str(name)), registry, report, lax=lax)


def find_type(
    value: Mapping, registry: str, default: Any = None
) -> Tuple[Optional[Callable], str]:
    """What a part names, or should be built as.

    Args:
        value (Mapping): The part.
        registry (str): Where it is looked up first.
        default (str or type, optional): The type of one that names none.
            Defaults to None.

    Returns:
        tuple: The class or function, None if there is none; and the registry
        that has it.
    """
    kind, scope = value.get('type', default), value.get('_scope_')
    for node in (registry, *(n for n in nodes.__all__ if n != registry)):
        found = resolve(kind, node, scope)
        if found is not None:
            return found, node
    return None, registry


def check_part(
    value: Mapping,
    path: Path,
    registry: str,
    report: Report,
    *,
    more: Iterable[str] = (),
    default: Any = None,
    lax: bool = False,
) -> None:
    """Check a part that names a type, and what it consists of.

    Args:
        value (Mapping): The part.
        path (tuple[str]): Where it stands.
        registry (str): Where its type is looked up first.
        report (Report): Gets what is wrong.
        more (Iterable[str]): Keys that are taken out before the part is
            built. Defaults to ().
        default (str or type, optional): The type of one that names none.
            Defaults to None.
        lax (bool): Whether an unknown type is left alone. Defaults to False.
    """
    target, registry = find_type(value, registry, default)
    if target is None:
        if not lax:
            _report_type(value, path, registry, report)
        return
    if _is_mixin(target, registry):
        return
    accepted = accepted_arguments(target)
    under = next((k for k in reversed(path) if not k.isdigit()), '')
    known = {
        *accepted.defaults,
        *more,
        *_BY_REGISTRY.get(registry, ()),
        *_BY_KEY.get(under, ()),
    }
    kind = value.get('type')
    owner = kind if isinstance(kind, str) else type_name(target)
    if accepted.free:
        report.check_near_keys(value, path, known, owner)
    else:
        report.check_keys(value, path, known, owner)
    for key in value:
        if key not in ('type', '_scope_'):
            _check_argument(target, value, key, path, registry, report, lax)


def _check_argument(
    target: Callable,
    part: Mapping,
    key: str,
    path: Path,
    registry: str,
    report: Report,
    lax: bool,
) -> None:
    """Check the value of one key of a part, which is built as ``target``."""
    value, where = part[key], (*path, str(key))
    defaults = accepted_arguments(target).defaults
    if isinstance(defaults.get(key), bool) and isinstance(value, str):
        report.add(where, f'is True or False, but got {value!r}.')
        return
    owner = type_name(part.get('type', target))
    if check_setting(target, value, where, owner, report):
        return
    check_value(
        value,
        where,
        registry,
        report,
        more=keys_taken(target).get(key, ()),
        # Only a known key is sure to hold parts, rather than data.
        lax=lax or key not in defaults,
    )


def _is_mixin(target: Callable, registry: str) -> bool:
    """Whether a type is no model, but something that models are mixed with."""
    return (
        registry == 'MODELS'
        and inspect.isclass(target)
        and not issubclass(target, nn.Module)
    )


def _report_type(
    value: Mapping, path: Path, registry: str, report: Report
) -> None:
    kind = value.get('type')
    what = getattr(nodes, registry).name
    if kind is None:
        report.add(path, f'has no type; name a {what}.')
    else:
        report.add(
            (*path, 'type'),
            f'there is no {what} of the name {str(kind)!r}'
            f'{alike(str(kind), registry)}',
        )
