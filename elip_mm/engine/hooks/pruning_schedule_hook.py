# Copyright (c) elip_mm contributors. All rights reserved.
import math
from typing import Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS
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
        if unit not in ('iter', 'epoch', 'share'):
            raise ValueError(
                "PruningScheduleHook: unit must be 'iter', 'epoch' or "
                f"'share', but got {unit!r}."
            )
        self.unit = unit
        self.points = [
            dict(curve='linear', **p) if 'curve' not in p else dict(p)
            for p in points
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
        for point in self.points:
            if set(point) != {'at', 'strength', 'curve'}:
                raise ValueError(
                    'PruningScheduleHook: a point has the keys at, strength '
                    f'and, if you like, curve, but got {point}.'
                )
            if not 0 <= point['strength'] <= 1:
                raise ValueError(
                    'PruningScheduleHook: the strength of a point must lie '
                    f'in [0, 1], but got {point["strength"]}.'
                )
            if point['curve'] not in _CURVES:
                raise ValueError(
                    f'PruningScheduleHook: curve must be one of '
                    f'{sorted(_CURVES)}, but got {point["curve"]!r}.'
                )
        places = [point['at'] for point in self.points]
        if any(a >= b for a, b in zip(places, places[1:])):
            raise ValueError(
                'PruningScheduleHook: points must be sorted by at without '
                f'repetition, but got {places}.'
            )
