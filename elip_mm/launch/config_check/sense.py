# Copyright (c) elip_mm contributors. All rights reserved.
"""Values that would do nothing, or something else, without a word."""

from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

from mmengine.config import Config

from .findings import Path, Report

__all__ = ['check_sense', 'dicts_in', 'is_whole']

# What is wrong with a value; None if nothing is.
Rule = Callable[[Any], Optional[str]]


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, which True is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _at_least(least: int, off: Optional[int] = None, how: str = '') -> Rule:
    def rule(value: Any) -> Optional[str]:
        if value is None or (is_whole(value) and value >= least):
            return None
        if off is not None and value == off:
            return None
        text = f'is a whole number from {least} on, but got {value!r}'
        return f'{text}; {how}.' if how else f'{text}.'

    return rule


def _above_zero(value: Any) -> Optional[str]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is None or (number and value > 0):
        return None
    return f'is a number above zero, but got {value!r}.'


def _is_bool(value: Any) -> Optional[str]:
    if value is None or isinstance(value, bool):
        return None
    return f'is True or False, but got {value!r}.'


def _is_side(value: Any) -> Optional[str]:
    sides = value if isinstance(value, (list, tuple)) else [value]
    if sides and all(is_whole(side) and side > 0 for side in sides):
        return None
    return f'is a number of pixels from 1 on, or two, but got {value!r}.'


def _not_empty(value: Any) -> Optional[str]:
    if not isinstance(value, (list, tuple)) or value:
        return None
    return 'is empty, so nothing would be reduced; leave the reducer out.'


_WHOLE = _at_least(1)
_INTERVAL = _at_least(1, off=-1, how='-1 means never')
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# By the path from the top, where * is any one key.
_BY_PATH: Dict[Tuple[str, ...], Rule] = {
    ('train_cfg', 'max_epochs'): _WHOLE,
    ('train_cfg', 'max_iters'): _WHOLE,
    ('train_cfg', 'val_interval'): _WHOLE,
    ('train_cfg', 'val_begin'): _at_least(0),
    ('optim_wrapper', 'accumulative_counts'): _WHOLE,
    ('optim_wrapper', 'optimizer', 'lr'): _above_zero,
    ('optim_wrapper', 'clip_grad', 'max_norm'): _above_zero,
    ('auto_scale_lr', 'base_batch_size'): _WHOLE,
    ('auto_scale_lr', 'enable'): _is_bool,
    ('log_processor', 'window_size'): _WHOLE,
    ('default_hooks', '*', 'interval'): _INTERVAL,
    ('custom_hooks', '*', 'interval'): _INTERVAL,
    ('default_hooks', 'checkpoint', 'max_keep_ckpts'): _at_least(
        1, off=-1, how='-1 means all'
    ),
    ('randomness', 'seed'): _at_least(0),
    ('randomness', 'deterministic'): _is_bool,
    ('resume',): _is_bool,
    ('load_strict',): _is_bool,
    ('find_unused_parameters',): _is_bool,
    **{(name, 'batch_size'): _WHOLE for name in _LOADERS},
    **{(name, 'num_workers'): _at_least(0) for name in _LOADERS},
    **{(name, 'num_batch_per_epoch'): _WHOLE for name in _LOADERS},
}
# By the key, anywhere in a model or a hook.
_BY_KEY: Dict[str, Rule] = {
    'embed_dims': _WHOLE,
    'num_heads': _WHOLE,
    'patch_size': _is_side,
    'img_size': _is_side,
    'vocab_size': _WHOLE,
    'context_length': _WHOLE,
    'stages': _not_empty,
}
_LOG_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'NOTSET')


def check_sense(cfg: Config, report: Report) -> None:
    """Note values that make no sense by themselves.

    Args:
        cfg (Config): The config.
        report (Report): Gets what is wrong.
    """
    for path, rule in _BY_PATH.items():
        for where, value in _matches(cfg, path, ()):
            _apply(rule, value, where, report)
    for name in ('model', 'custom_hooks'):
        for where, part in dicts_in(cfg.get(name), (name,)):
            for key in _BY_KEY.keys() & part.keys():
                _apply(_BY_KEY[key], part[key], (*where, key), report)
    level = cfg.get('log_level')
    if isinstance(level, str) and level not in _LOG_LEVELS:
        report.add(
            ('log_level',),
            f'is one of {", ".join(_LOG_LEVELS)}, but got {level!r}.',
        )


def _apply(rule: Rule, value: Any, path: Path, report: Report) -> None:
    text = rule(value)
    if text is not None:
        report.add(path, text)


def _matches(
    value: Any, pattern: Tuple[str, ...], path: Path
) -> Iterator[Tuple[Path, Any]]:
    """Values at the paths that a pattern stands for."""
    if not pattern:
        yield path, value
        return
    key, *rest = pattern
    items: Any = ()
    if isinstance(value, (Mapping, Config)):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    for name, child in items:
        if key in ('*', name):
            yield from _matches(child, tuple(rest), (*path, str(name)))


def dicts_in(value: Any, path: Path) -> Iterator[Tuple[Path, Mapping]]:
    """A value and all in it, if they are dicts.

    Args:
        value (Any): A part of a config.
        path (tuple[str]): Where it stands.

    Yields:
        tuple: The path of a dict, and the dict.
    """
    if isinstance(value, Mapping):
        yield path, value
        for key, child in value.items():
            yield from dicts_in(child, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from dicts_in(child, (*path, str(index)))
