# Copyright (c) elip_mm contributors. All rights reserved.
"""Settings that differ between a checkpoint and the run that resumes it.

Optimiser and schedule come out of a checkpoint with the settings that it was
made with. What the config says now is compared with them, and takes their
place where that is asked for.
"""

import math
import warnings
from itertools import zip_longest
from typing import Any, Dict, Iterator, List, Tuple

from mmengine.optim import _ParamScheduler
from mmengine.runner import Runner

from elip_mm.utils.model_wrappers import optimizers_of

__all__ = ['compare_settings', 'use_settings_of_config']

# What a scheduler or a group notes about its progress is no setting.
_PROGRESS = {
    '_global_step',
    '_last_value',
    'base_values',
    'best',
    'cooldown_counter',
    'last_step',
    'num_bad_epochs',
    'params',
}
# Do not change what is computed.
_HOW = {'capturable', 'differentiable', 'foreach', 'fused', 'verbose'}
_NAMES = {'initial_lr': 'lr', 'initial_momentum': 'momentum'}
_NONE = 'none'


def compare_settings(
    runner: Runner, checkpoint: Dict[str, Any]
) -> Tuple[List[str], bool]:
    """Say which settings a checkpoint and the config have differently.

    Args:
        runner (Runner): The runner, with optimiser and schedule built.
        checkpoint (Dict[str, Any]): What was read.

    Returns:
        tuple[list[str], bool]: A line for each, with both values; and whether
        it is another schedule altogether, which the config's cannot take
        over.
    """
    other = False
    seen: Dict[str, List[str]] = {}
    for name, then, now in _all_pairs(runner, checkpoint):
        line = f'{name}: {then} in the checkpoint, {now} in the config'
        seen.setdefault(name, []).append(line)
        other = other or then is _NONE or now is _NONE
    lines = [
        found[0]
        + (f' (and so on in {len(found)} groups)' if found[1:] else '')
        for found in seen.values()
    ]
    return lines, other


def use_settings_of_config(runner: Runner, checkpoint: Dict[str, Any]) -> None:
    """Enter the settings of the config into a checkpoint, in place.

    Moments of the optimiser stay. The schedule is run through from the start
    to the position of the checkpoint, so that the rate goes on as if the run
    had had it all along.

    Args:
        runner (Runner): The runner, with optimiser and schedule built.
        checkpoint (Dict[str, Any]): What was read, and can be resumed.
    """
    if runner.param_schedulers is not None:
        named = runner.param_schedulers
        lists = named.values() if isinstance(named, dict) else [named]
        _replay(runner, [s for each in lists for s in each], checkpoint)
        checkpoint['param_schedulers'] = (
            {k: [s.state_dict() for s in v] for k, v in named.items()}
            if isinstance(named, dict)
            else [s.state_dict() for s in named]
        )
    for name, optimizer in optimizers_of(runner.optim_wrapper):
        state = checkpoint['optimizer']
        groups = (state[name] if name else state)['param_groups']
        for group, own in zip(groups, optimizer.param_groups):
            group.update({k: v for k, v in own.items() if k != 'params'})


def _replay(
    runner: Runner,
    schedulers: List[_ParamScheduler],
    checkpoint: Dict[str, Any],
) -> None:
    """Step schedulers to where a run stood; building did the first step."""
    for scheduler in schedulers:
        if getattr(scheduler, 'need_step_args', False):
            raise ValueError(
                f"resume_settings='config': {type(scheduler).__name__} "
                'follows what was measured, which cannot be run through '
                "again. Use resume_settings='checkpoint'."
            )
    epochs, iters = checkpoint['meta']['epoch'], checkpoint['meta']['iter']
    length = len(runner.train_dataloader)
    with warnings.catch_warnings():
        # They miss the steps of the optimiser in between.
        warnings.simplefilter('ignore')
        for iteration in range(1, iters + 1):
            ended = iteration % length == 0 and iteration // length <= epochs
            for scheduler in schedulers:
                if not scheduler.by_epoch or ended:
                    scheduler.step()


Pair = Tuple[str, Any, Any]


def _all_pairs(runner: Runner, checkpoint: Dict[str, Any]) -> Iterator[Pair]:
    """Name, value in the checkpoint and value now of what differs."""
    for name, optimizer in optimizers_of(runner.optim_wrapper):
        state = checkpoint['optimizer']
        groups = (state[name] if name else state)['param_groups']
        prefix = '.'.join(filter(None, ('optim_wrapper', name, 'optimizer')))
        for then, now in zip(groups, optimizer.param_groups):
            both = {key: now[key] for key in now if key in then}
            for key in [k for k in both if f'initial_{k}' in both]:
                del both[key]  # where a scheduler has moved it to
            yield from _pairs(prefix, then, both)
    named = runner.param_schedulers
    if isinstance(named, dict):
        for name in named:
            then = checkpoint['param_schedulers'].get(name, [])
            yield from _schedule(f'param_scheduler.{name}', then, named[name])
    elif named is not None:
        yield from _schedule(
            'param_scheduler', checkpoint['param_schedulers'], named
        )


def _schedule(
    prefix: str, then: List[dict], now: List[_ParamScheduler]
) -> Iterator[Pair]:
    for i, (before, scheduler) in enumerate(zip_longest(then, now)):
        if before is None or scheduler is None:
            given = '' if scheduler is None else type(scheduler).__name__
            pair = (_NONE, given) if before is None else ('one more', _NONE)
            yield (f'{prefix}.{i}', *pair)
            continue
        state = scheduler.state_dict()
        keys = dict.fromkeys([*state, *before])
        yield from _pairs(
            f'{prefix}.{i}', before, {k: state.get(k, _NONE) for k in keys}
        )


def _pairs(
    prefix: str, then: Dict[str, Any], now: Dict[str, Any]
) -> Iterator[Pair]:
    for key, value in now.items():
        if key in _PROGRESS or key in _HOW:
            continue
        before = then.get(key, _NONE)
        if isinstance(value, dict) and isinstance(before, dict):
            keys = dict.fromkeys([*value, *before])
            yield from _pairs(
                prefix, before, {k: value.get(k, _NONE) for k in keys}
            )
        elif not callable(value) and not _equal(before, value):
            yield f'{prefix}.{_NAMES.get(key, key)}', before, value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)
