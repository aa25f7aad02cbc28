# Copyright (c) elip_mm contributors. All rights reserved.
"""What ``optim_wrapper`` may hold."""

import inspect
from typing import Any, Mapping, Set

import torch
from mmengine.optim import DefaultOptimWrapperConstructor

from .findings import Path, Report
from .names import alike, resolve
from .parts import check_part, find_type
from .signatures import accepted_arguments

__all__ = ['check_optim_wrapper']

# What mmengine's constructor and mmpretrain's for layer decay read.
_PARAMWISE = (
    'bias_decay_mult',
    'bias_lr_mult',
    'bypass_duplicate',
    'custom_keys',
    'dcn_offset_lr_mult',
    'dwconv_decay_mult',
    'flat_decay_mult',
    'layer_decay_rate',
    'norm_decay_mult',
)
# Of a custom key, beside options of the optimizer. The last two are read by
# mmpretrain's LARS and SimSiamHook.
_GROUP = {'lr_mult', 'decay_mult', 'lars_exclude', 'fix_lr'}
# Constructors of others may read anything.
_KNOWN_CODE = ('elip_mm.', 'mmengine.', 'mmpretrain.')


def check_optim_wrapper(value: Any, path: Path, report: Report) -> None:
    """Check an optimizer, its wrapper and its parameter groups.

    Args:
        value (Any): The settings.
        path (tuple[str]): Where they stand.
        report (Report): Gets what is wrong.
    """
    if not isinstance(value, Mapping):
        report.add(path, f'is a dict, but got {value!r}.')
        return
    constructor, optimizer = value.get('constructor'), value.get('optimizer')
    if constructor is not None and optimizer is None:
        # One wrapper for each of several parts of a model, by name.
        for key, child in value.items():
            if isinstance(child, Mapping) and 'optimizer' in child:
                check_optim_wrapper(child, (*path, str(key)), report)
        return
    apart = ('optimizer', 'constructor', 'paramwise_cfg', 'clip_grad')
    check_part(
        {k: v for k, v in value.items() if k not in apart},
        path,
        'OPTIM_WRAPPERS',
        report,
        default='OptimWrapper',
        more=apart,
    )
    if isinstance(optimizer, Mapping):
        check_part(optimizer, (*path, 'optimizer'), 'OPTIMIZERS', report)
    if isinstance(value.get('clip_grad'), Mapping):
        _check_clip(value['clip_grad'], (*path, 'clip_grad'), report)
    if constructor is None or _check_constructor(constructor, path, report):
        _check_paramwise(value.get('paramwise_cfg'), optimizer, path, report)


def _check_clip(value: Mapping, path: Path, report: Report) -> None:
    functions = dict(
        norm=torch.nn.utils.clip_grad_norm_,
        value=torch.nn.utils.clip_grad_value_,
    )
    kind = value.get('type', 'norm')
    if kind not in functions:
        report.add((*path, 'type'), f"is 'norm' or 'value', but got {kind!r}.")
        return
    known = set(accepted_arguments(functions[kind]).defaults) - {'parameters'}
    report.check_keys(value, path, known, f'clipping by {kind}')


def _check_constructor(constructor: Any, path: Path, report: Report) -> bool:
    """Whether it is one whose settings are known."""
    node = 'OPTIM_WRAPPER_CONSTRUCTORS'
    target: Any = resolve(constructor, node)
    if target is None:
        report.add(
            (*path, 'constructor'),
            f'there is no constructor of the name {constructor!r}'
            f'{alike(str(constructor), node)}',
        )
        return False
    known_base = inspect.isclass(target) and issubclass(
        target, DefaultOptimWrapperConstructor
    )
    return known_base and target.__module__.startswith(_KNOWN_CODE)


def _check_paramwise(
    value: Any, optimizer: Any, path: Path, report: Report
) -> None:
    if not isinstance(value, Mapping):
        return
    where = (*path, 'paramwise_cfg')
    report.check_keys(value, where, _PARAMWISE, 'paramwise_cfg')
    known = _GROUP | _options_of(optimizer)
    rules = value.get('custom_keys') or {}
    for name, rule in rules.items() if isinstance(rules, Mapping) else ():
        here = (*where, 'custom_keys', str(name))
        if isinstance(rule, Mapping):
            report.check_keys(rule, here, known, 'a custom key')
        else:
            report.add(here, f'is a dict, such as dict(lr_mult=0.1): {rule!r}')


def _options_of(optimizer: Any) -> Set[str]:
    """What an optimizer takes for one group of parameters."""
    if not isinstance(optimizer, Mapping):
        return set()
    target, _ = find_type(optimizer, 'OPTIMIZERS')
    if target is None:
        return set()
    return set(accepted_arguments(target).defaults) - {'params'}
