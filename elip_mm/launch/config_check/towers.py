# Copyright (c) elip_mm contributors. All rights reserved.
"""Settings that models read as plain dicts, whose keys nobody else checks."""

import inspect
from functools import cache
from typing import Any, FrozenSet, Mapping

from mmcv.cnn.bricks.transformer import PatchEmbed
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.models.backbones.vision_transformer import (
    TransformerEncoderLayer,
)

from .findings import Path, Report
from .names import nearest, resolve
from .signatures import accepted_arguments

__all__ = ['check_preprocessor', 'check_setting', 'is_tower']

_ARCH = ('embed_dims', 'num_layers', 'num_heads', 'feedforward_channels')
_HANDED_ON = dict(patch_cfg=PatchEmbed, layer_cfgs=TransformerEncoderLayer)
# What mmpretrain's kinds of BERT read beside transformers.
_OF_MMPRETRAIN_BERT = (
    'add_type_embeddings',
    'encoder_width',
    'fusion_layer',
    'nlvr',
)
# mmpretrain chooses one of these where a preprocessor has no type.
_PREPROCESSORS = (
    'mmpretrain.ClsDataPreprocessor',
    'mmpretrain.SelfSupDataPreprocessor',
    'mmpretrain.MultiModalDataPreprocessor',
)


def is_tower(target: Any) -> bool:
    """Whether something is mmpretrain's ViT, or a kind of it.

    Args:
        target (Any): What a ``type`` stands for.

    Returns:
        bool: Whether it is.
    """
    return inspect.isclass(target) and issubclass(target, VisionTransformer)


def check_setting(
    target: Any, value: Any, path: Path, owner: str, report: Report
) -> bool:
    """Check the value of a key if it is one that is known here.

    Args:
        target (type or Callable): What takes the key.
        value (Any): The value.
        path (tuple[str]): Where it stands, the key last.
        owner (str): Name of ``target``, for messages.
        report (Report): Gets what is wrong.

    Returns:
        bool: Whether it was one of these keys.
    """
    key = path[-1]
    if isinstance(value, Mapping) and 'model_type' in value:
        kind = str(value['model_type'])
        keys = _keys_of_transformers(kind)
        if keys:
            report.check_keys(value, path, keys, f'a {kind} config')
        return True
    if not is_tower(target):
        return False
    if key == 'arch':
        _check_arch(target, value, path, owner, report)
        return True
    if key not in _HANDED_ON or not value:
        return False
    known = accepted_arguments(_HANDED_ON[key]).defaults
    for item in value if isinstance(value, (list, tuple)) else [value]:
        report.check_keys(item, path, known, f'{key} of {owner}')
    return True


def _check_arch(
    target: Any, value: Any, path: Path, owner: str, report: Report
) -> None:
    if isinstance(value, Mapping):
        report.check_keys(value, path, _ARCH, f'arch of {owner}')
        missing = sorted(set(_ARCH) - set(value))
        if missing:
            report.add(path, f'lacks {", ".join(missing)}.')
    # Some of mmpretrain's own add their names only when they are built.
    elif isinstance(value, str) and (
        target is VisionTransformer or target.__module__.startswith('elip_mm.')
    ):
        if value.lower() not in target.arch_zoo:
            close = nearest(value, target.arch_zoo)
            guess = f'; did you mean {close}?' if close else '.'
            report.add(path, f'{owner} has no arch {value!r}{guess}')


@cache
def _keys_of_transformers(kind: str) -> FrozenSet[str]:
    """Keys of a config of transformers, which itself takes any."""
    from transformers import CONFIG_MAPPING

    if kind not in CONFIG_MAPPING:
        return frozenset()
    made = CONFIG_MAPPING[kind]()
    constructor: Any = type(made)
    own = accepted_arguments(constructor).defaults
    return frozenset([*made.to_dict(), *own, *_OF_MMPRETRAIN_BERT])


def check_preprocessor(value: Mapping, path: Path, report: Report) -> None:
    """Check a data preprocessor that names no type.

    Args:
        value (Mapping): Its settings.
        path (tuple[str]): Where they stand.
        report (Report): Gets what is wrong.
    """
    known = {'num_classes'}
    for name in _PREPROCESSORS:
        target = resolve(name, 'MODELS')
        if target is not None:
            known.update(accepted_arguments(target).defaults)
    report.check_keys(value, path, known, 'the data preprocessor')
