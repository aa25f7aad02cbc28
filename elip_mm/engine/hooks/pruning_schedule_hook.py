# Copyright (c) elip_mm contributors. All rights reserved.
import math
from typing import Any, Dict, Mapping, Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS
from elip_mm.utils.checks import (
    check_choice,
    check_list,
    check_number,
    shown,
)
from elip_mm.utils.model_wrappers import unwrap_model

_CURVES = {
    'linear': lambda share: share,
    'cosine': lambda share: 0.5 - 0.5 * math.cos(math.pi * share),
    'step': lambda share: 0.0,
}


@HOOKS.register_module()
class PruningScheduleHook(Hook):
    """Set the strength of the reduction as a function of progress.

    The function is given by points. Between two of them the strength moves
    along the curve of the later one; before the first and after the last it
    stays. Nothing is stored: after a resume it follows from the iteration.

    Warm-up, then constant, then a cool-down without reduction::

        dict(type='elip_mm.PruningScheduleHook', points=[
            dict(at=0, strength=0.),
            dict(at=2000, strength=1., curve='cosine'),
            dict(at=9000, strength=0., curve='step')])

    Args:
        points (Sequence[dict]): Records ``dict(at, strength)``, sorted by
            ``at``, with an optional ``curve``: ``'linear'``, ``'cosine'`` or
            ``'step'`` (the strength changes when the point is reached).
            Defaults to 'linear'.
        unit (str): What ``at`` counts: ``'iter'``, ``'epoch'``, or
            ``'share'`` of the whole run, from 0 to 1. Defaults to 'iter'.
    """

    def __init__(self, points: Sequence[dict], unit: str = 'iter') -> None:
        self.unit = check_choice(
            'PruningScheduleHook: unit', unit, ('iter', 'epoch', 'share')
        )
        self.points = [
            _read_point(place, point)
            for place, point in enumerate(
                check_list('PruningScheduleHook: points', points)
            )
        ]
        self._check_points()

    def strength_at(self, progress: float) -> float:
        """Strength at some progress, in the unit of the points.

        Args:
            progress (float): Iterations, epochs or share done.

        Returns:
            float: From 0 to 1.
        """
        before = self.points[0]
        for point in self.points:
            if progress < point['at']:
                if point is before:
                    return point['strength']
                done = progress - before['at']
                share = done / (point['at'] - before['at'])
                change = point['strength'] - before['strength']
                curve = _CURVES[point['curve']]
                return before['strength'] + curve(share) * change
            before = point
        return before['strength']

    def before_train(self, runner: Runner) -> None:
        """Raise if the model has no strength to set."""
        model = unwrap_model(runner.model)
        if not hasattr(model, 'set_pruning_strength'):
            raise ValueError(
                f'PruningScheduleHook: {type(model).__name__} does not '
                'reduce tokens; use a pre-trainer of elip_mm, or put '
                'ELIPPruningHook into custom_hooks.'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        """Set the strength of this iteration."""
        strength = self.strength_at(self._progress(runner))
        unwrap_model(runner.model).set_pruning_strength(strength)
        runner.message_hub.update_scalar('train/pruning_strength', strength)

    def _progress(self, runner: Runner) -> float:
        if self.unit == 'epoch':
            return runner.epoch
        if self.unit == 'share':
            return runner.iter / runner.max_iters
        return runner.iter

    def _check_points(self) -> None:
        if not self.points:
            raise ValueError(
                'PruningScheduleHook: points is empty; give at least one '
                'dict(at=0, strength=1.).'
            )
        places = [point['at'] for point in self.points]
        if any(a >= b for a, b in zip(places, places[1:])):
            raise ValueError(
                'PruningScheduleHook: points must be sorted by at without '
                f'repetition, but got {places}.'
            )


def _read_point(place: int, point: Any) -> Dict[str, Any]:
    """Check a point and fill in its curve."""
    name = f'PruningScheduleHook: point {place}'
    keys = set(point) | {'curve'} if isinstance(point, Mapping) else set()
    if keys != {'at', 'strength', 'curve'}:
        raise ValueError(
            f'{name} must have the keys at, strength and, if you like, '
            f'curve, but is {shown(point)}.'
        )
    return dict(
        at=check_number(f'{name}: at', point['at']),
        strength=check_number(f'{name}: strength', point['strength'], 0, 1),
        curve=check_choice(
            f'{name}: curve', point.get('curve', 'linear'), _CURVES
        ),
    )
