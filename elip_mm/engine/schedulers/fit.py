# Copyright (c) elip_mm contributors. All rights reserved.
"""Whether a schedule fits into the run that it is for."""

from typing import Any, Callable, Dict, Iterator, Optional, Tuple

from elip_mm.utils.type_names import type_name

__all__ = ['check_schedule_fits']

# Those that may rise to the base rate, and what they start from by default.
_RISING = {'LinearLR': 1.0 / 3, 'ConstantLR': 1.0 / 3}


def check_schedule_fits(
    schedule: Any,
    max_iters: int,
    epoch_length: int,
    warn: Callable[[str], object] = print,
) -> None:
    """Raise an error if the run ends before its schedule is under way.

    A recipe for millions of pairs warms up for longer than a small data set
    trains: the run would never reach its rate, and what follows the warm-up
    would begin after the end.

    Args:
        schedule (Any): ``param_scheduler`` of a config: one dict or several;
            schedulers that are built already are left alone.
        max_iters (int): Length of the run in iterations.
        epoch_length (int): Iterations of an epoch.
        warn (Callable): Told about a warm-up of ALBEF or BLIP that the first
            epoch cuts short. Defaults to :func:`print`.

    Raises:
        ValueError: If the run is too short. The message names both lengths
            and what to change.
    """
    for name, scheduler in _schedulers(schedule):
        unit = epoch_length if scheduler.get('by_epoch', True) else 1
        warmup = _warmup_end(scheduler)
        if warmup is not None and warmup * unit > max_iters:
            short = max(1, max_iters // 20 // unit)
            raise ValueError(
                f'{name}: the warm-up takes {warmup * unit} iterations, but '
                f'the run has only {max_iters} and would never reach its '
                f'learning rate. Shorten it, as with {name}.end={short} and '
                'the same begin for the scheduler that follows; or train '
                'longer (train_cfg).'
            )
        begin = scheduler.get('begin', 0) * unit
        if begin >= max_iters:
            raise ValueError(
                f'{name}: {type_name(scheduler["type"])} begins at iteration '
                f'{begin}, but the run ends after {max_iters}. Let it begin '
                'earlier, or train longer (train_cfg).'
            )
        within = _within_epoch(scheduler)
        if within > min(epoch_length, max_iters):
            warn(
                f'{name}: the warm-up takes {within} iterations, but ends '
                f'with the first epoch, after {epoch_length}; the rate jumps '
                'from there. Shorten the warm-up to avoid that.'
            )


def _schedulers(schedule: Any) -> Iterator[Tuple[str, Dict[str, Any]]]:
    """Configs of single schedulers, with their places in the config."""
    found = [('param_scheduler', schedule)]
    while found:
        name, entry = found.pop(0)
        if isinstance(entry, dict) and 'type' in entry:
            yield name, entry
        elif isinstance(entry, dict):  # one schedule for each optimiser
            found += [(f'{name}.{key}', entry[key]) for key in entry]
        elif isinstance(entry, (list, tuple)):
            found += [(f'{name}.{i}', item) for i, item in enumerate(entry)]


def _warmup_end(scheduler: Dict[str, Any]) -> Optional[int]:
    """Where a scheduler has risen to the base rate, in its own unit."""
    kind = type_name(scheduler['type'])
    if kind not in _RISING:
        return None
    start = scheduler.get(
        'start_factor', scheduler.get('factor', _RISING[kind])
    )
    return (
        scheduler.get('end')
        if start < scheduler.get('end_factor', 1.0)
        else None
    )


def _within_epoch(scheduler: Dict[str, Any]) -> int:
    """Iterations of a warm-up that the end of the first epoch cuts short."""
    kind = type_name(scheduler['type'])
    if kind == 'ALBEFLR':
        return scheduler.get('warmup_steps', 10) * scheduler.get(
            'step_length', 100
        )
    return scheduler.get('warmup_iters', 3000) if kind == 'BLIPLR' else 0
