# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Callable, List, Optional

from mmengine.optim import _ParamScheduler

from elip_mm.registry import PARAM_SCHEDULERS

from .rates import albef_rate, blip_rate


class _RateLR(_ParamScheduler):
    """A learning rate that is a pure function of the iteration.

    Give it ``convert_to_iter_based=True`` in a config: the runner then tells
    it how long an epoch is. Nothing has to be remembered but the number of
    the iteration, so a resumed run goes on exactly.

    Args:
        optimizer (Optimizer or OptimWrapper): What is scheduled.
        rate (Callable): ``rate(iteration, epoch_length, base, **settings)``.
        epoch_length (int, optional): Iterations of an epoch; it has to be
            given.
        begin, end, last_step, verbose: As in mmengine's schedulers.
        **settings: Further arguments of ``rate``.
    """

    def __init__(
        self,
        optimizer: Any,
        rate: Callable[..., float],
        epoch_length: Optional[int] = None,
        begin: int = 0,
        end: int = 10**9,
        last_step: int = -1,
        verbose: bool = False,
        **settings,
    ) -> None:
        if epoch_length is None or epoch_length < 1:
            raise ValueError(
                f'{type(self).__name__}: an epoch has at least one '
                f'iteration, but epoch_length is {epoch_length}; in a config '
                'write convert_to_iter_based=True, and the runner says it.'
            )
        self._rate = rate
        self.epoch_length = epoch_length
        self.settings = settings
        super().__init__(
            optimizer,
            'lr',
            begin=begin,
            end=end,
            last_step=last_step,
            by_epoch=False,
            verbose=verbose,
        )

    @classmethod
    def build_iter_from_epoch(
        cls, *args, begin: int = 0, end: int = 10**9, by_epoch=True, **kwargs
    ) -> '_RateLR':
        """Build from a config that counts in epochs, as all of ours do.

        Args:
            *args: Those of the class.
            begin (int): First epoch. Defaults to 0.
            end (int): Not used: the rate is defined at any iteration.
            by_epoch (bool): Must be True. Defaults to True.
            **kwargs: Those of the class, with ``epoch_length``.
        """
        kwargs['begin'] = begin * kwargs['epoch_length']
        return cls(*args, **kwargs)

    def state_dict(self) -> dict:
        """State without the function, which checkpoints must not hold."""
        state = super().state_dict()
        return {key: state[key] for key in state if key != '_rate'}

    def _get_value(self) -> List[float]:
        return [
            self._rate(
                self.last_step, self.epoch_length, base, **self.settings
            )
            for base in self.base_values
        ]


@PARAM_SCHEDULERS.register_module()
class ALBEFLR(_RateLR):
    """Warm-up in steps within the first epoch, then a cosine by epochs.

    Args:
        optimizer (Optimizer or OptimWrapper): What is scheduled.
        num_epochs (int): Epochs of the cosine.
        **kwargs: ``start_factor``, ``warmup_steps``, ``step_length`` and
            ``eta_min_ratio`` of :func:`albef_rate`; ``epoch_length`` comes
            from the runner.

    Examples:
        >>> param_scheduler = dict(
        ...     type='elip_mm.ALBEFLR', num_epochs=20,
        ...     convert_to_iter_based=True)
    """

    def __init__(self, optimizer: Any, num_epochs: int, **kwargs) -> None:
        super().__init__(
            optimizer, albef_rate, num_epochs=num_epochs, **kwargs
        )


@PARAM_SCHEDULERS.register_module()
class BLIPLR(_RateLR):
    """Linear warm-up within the first epoch, then a factor each epoch.

    Args:
        optimizer (Optimizer or OptimWrapper): What is scheduled.
        **kwargs: ``decay``, ``start_factor``, ``warmup_iters`` and
            ``eta_min_ratio`` of :func:`blip_rate`; ``epoch_length`` comes
            from the runner.

    Examples:
        >>> param_scheduler = dict(
        ...     type='elip_mm.BLIPLR', convert_to_iter_based=True)
    """

    def __init__(self, optimizer: Any, **kwargs) -> None:
        super().__init__(optimizer, blip_rate, **kwargs)
