# Copyright (c) elip_mm contributors. All rights reserved.
"""Keys of the parts of a config that name a ``type``, however deep."""

import inspect
from typing import Any, Callable, Mapping, Optional, Tuple

from mmcv.cnn.bricks.transformer import PatchEmbed as _MMCVPatchEmbed
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.models.backbones.vision_transformer import (
    TransformerEncoderLayer,
)

import elip_mm.registry as nodes
from elip_mm.utils.type_names import type_name

from .findings import Path, Report
from .names import REGISTRY_OF, alike, nearest, resolve
from .signatures import accepted_arguments

__all__ = ['check_part', 'check_value', 'find_type']

# What is said of data and of the outer world, with keys of one's own.
_FREE = {
    'metainfo',
    'custom_keys',
    'data_prefix',
    'meta_keys',
    'algorithm_keys',
    'key_mapping',
    'imports',
}
# What mmengine takes out of a part before it is built.
_BY_REGISTRY = dict(
    HOOKS={'priority'},
    PARAM_SCHEDULERS={'convert_to_iter_based'},
    WEIGHT_INITIALIZERS={'override', 'layer', 'name'},
)
# mmpretrain chooses one of these where a preprocessor has no type.
_PREPROCESSORS = (
    'mmpretrain.ClsDataPreprocessor',
    'mmpretrain.SelfSupDataPreprocessor',
    'mmpretrain.MultiModalDataPreprocessor',
)
_TOWER_PARTS = dict(
    patch_cfg=_MMCVPatchEmbed, layer_cfgs=TransformerEncoderLayer
)
_ARCH = ('embed_dims', 'num_layers', 'num_heads', 'feedforward_channels')


def check_value(
    value: Any, path: Path, registry: str, report: Report, lax: bool = False
) -> None:
    """Check whatever stands under a key.

    Args:
        value (Any): A part that names its type, a list, a plain dict or a
            plain value.
        path (tuple[str]): Where it stands.
        registry (str): Where types are looked up, if the keys on the way do
            not say.
        report (Report): Gets what is wrong.
        lax (bool): Whether types that nobody knows are left alone, for they
            may be none. Defaults to False.
    """
    if path and path[-1] in _FREE:
        return
    registry = REGISTRY_OF.get(path[-1], registry) if path else registry
    if isinstance(value, Mapping):
        if 'type' in value:
            check_part(value, path, registry, report, lax=lax)
        elif path and path[-1] == 'data_preprocessor':
            _check_preprocessor(value, path, report)
        else:
            for key, child in value.items():
                check_value(child, (*path, str(key)), registry, report, lax)
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            # A list is as its items, which have no names.
            where = (*path, str(index))
            if isinstance(child, Mapping) and 'type' in child:
                check_part(child, where, registry, report, lax=lax)
            elif isinstance(child, (Mapping, list, tuple)):
                check_value(child, where, registry, report, lax)


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
    more: Any = (),
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
    accepted = accepted_arguments(target)
    known = {*accepted.defaults, *more, *_BY_REGISTRY.get(registry, ())}
    owner = _name_of(value, target)
    if not accepted.free:
        report.check_keys(value, path, known, owner)
    for key, child in value.items():
        where = (*path, str(key))
        if isinstance(accepted.defaults.get(key), bool) and isinstance(
            child, str
        ):
            report.add(where, f'is True or False, but got {child!r}.')
        if key in ('type', '_scope_'):
            continue
        if _is_tower(target) and _check_tower(
            target, key, child, where, owner, report
        ):
            continue
        guess = accepted.free and key not in known
        check_value(child, where, registry, report, lax or guess)


def _name_of(value: Mapping, target: Callable) -> str:
    kind = value.get('type')
    return kind if isinstance(kind, str) else type_name(target)


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


def _check_preprocessor(value: Mapping, path: Path, report: Report) -> None:
    known = {'num_classes'}
    for name in _PREPROCESSORS:
        target = resolve(name, 'MODELS')
        if target is not None:
            known.update(accepted_arguments(target).defaults)
    report.check_keys(value, path, known, 'the data preprocessor')


def _is_tower(target: Callable) -> bool:
    return inspect.isclass(target) and issubclass(target, VisionTransformer)


def _check_tower(
    target: Any, key: str, value: Any, path: Path, owner: str, report: Report
) -> bool:
    """Check what a ViT hands on by itself; whether it was that."""
    if key == 'arch' and isinstance(value, Mapping):
        report.check_keys(value, path, _ARCH, f'arch of {owner}')
        return True
    if key == 'arch' and isinstance(value, str):
        zoo = target.arch_zoo
        if value not in zoo:
            close = nearest(value, zoo)
            report.add(
                path,
                f'{owner} has no arch {value!r}'
                + (f'; did you mean {close}?' if close else '.'),
            )
        return True
    part = _TOWER_PARTS.get(key)
    if part is None or not value:
        return False
    known = accepted_arguments(part).defaults
    for item in value if isinstance(value, (list, tuple)) else [value]:
        report.check_keys(item, path, known, f'{key} of {owner}')
    return True
