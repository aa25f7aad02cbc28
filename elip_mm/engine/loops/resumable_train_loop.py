# Copyright (c) elip_mm contributors. All rights reserved.
import bisect
import math
from typing import Dict, Iterator, List, Optional, Tuple, Union

from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import BatchSampler, DataLoader

from elip_mm.engine.schedulers.fit import check_schedule_fits
from elip_mm.registry import LOOPS

from .equal_batches import check_equal_batches

__all__ = ['ResumableTrainLoop']

_MISMATCH = (
    'Cannot resume: the checkpoint was made at iteration {iter} of a run '
    'with {then} batches an epoch, but now an epoch has {now}. Resume with '
    'the same data, batch size and number of processes; or keep the weights '
    'only, with load_from in place of resume.'
)


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """Training in epochs that can be resumed at any batch.

    A run that resumes from a checkpoint of the middle of an epoch goes on
    with the next batch of that epoch, in the same order, and hooks see the
    batch's true number. With a sampler that has ``set_start`` (such as
    :class:`elip_mm.datasets.KeyedSampler`) batches that were consumed are
    not read again; with any other they are read and thrown away.

    A checkpoint made after the last batch of an epoch resumes before the
    validation that follows, which the run may not have lived to see.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader or dict): The data, or the config of it.
        max_epochs (int, optional): Length of the training in epochs.
        max_iters (int, optional): Length of the training in iterations, which
            may end within an epoch. Exactly one of the two must be given.
        val_begin (int): First epoch (or iteration) with a validation after
            it. Defaults to 1.
        val_interval (int): Epochs (or iterations) from one validation to the
            next. The end of the training is always validated. Defaults to 1.
        val_by_epoch (bool): Whether ``val_begin`` and ``val_interval`` count
            epochs; otherwise iterations. Defaults to True.
        dynamic_intervals (List[Tuple[int, int]], optional): Pairs of an epoch
            (or iteration) and the interval from there on. Defaults to None.
    """

    _epoch: int
    _iter: int

    def __init__(
        self,
        runner: Runner,
        dataloader: Union[DataLoader, Dict],
        max_epochs: Optional[int] = None,
        max_iters: Optional[int] = None,
        val_begin: int = 1,
        val_interval: int = 1,
        val_by_epoch: bool = True,
        dynamic_intervals: Optional[List[Tuple[int, int]]] = None,
    ) -> None:
        if (max_epochs is None) == (max_iters is None):
            raise ValueError(
                'ResumableTrainLoop: give exactly one of max_epochs and '
                f'max_iters, but got {max_epochs} and {max_iters}; None '
                'takes back what a base config sets.'
            )
        super().__init__(
            runner,
            dataloader,
            max_epochs=max_epochs or 1,
            val_begin=val_begin,
            val_interval=val_interval,
            dynamic_intervals=dynamic_intervals,
        )
        check_equal_batches(self.dataloader)
        self.val_by_epoch = val_by_epoch
        self.epoch_length = len(self.dataloader)
        if self.epoch_length == 0:
            raise ValueError(
                f'ResumableTrainLoop: {len(self.dataloader.dataset)} samples '
                f'do not fill one batch of {self.dataloader.batch_size} on '
                'each process; use a smaller batch_size or drop_last=False.'
            )
        if max_iters is not None:
            self._max_iters = int(max_iters)
            self._max_epochs = math.ceil(max_iters / self.epoch_length)
        # The runner builds its loop first, and then the schedule for it.
        check_schedule_fits(
            runner.param_schedulers,
            self._max_iters,
            self.epoch_length,
            runner.logger.warning,
        )

    def run(self) -> nn.Module:
        """Train until the end.

        Returns:
            nn.Module: The trained model.
        """
        self._agree_with_checkpoint()
        self.runner.call_hook('before_train')
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            if self.val_by_epoch:
                self._validate(self._epoch, self._epoch == self._max_epochs)
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        """Train for what is left of the current epoch."""
        done = self._iter - self._epoch * self.epoch_length
        sampler = self._sampler
        if hasattr(sampler, 'set_epoch'):
            sampler.set_epoch(self._epoch)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for batch_idx, batch in enumerate(self._batches(done), done):
            self.run_iter(batch_idx, batch)
            ended = self._iter == self._max_iters
            if not self.val_by_epoch:
                self._validate(self._iter, ended)
                self.runner.model.train()
            if ended or self.stop_training:
                break
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _validate(self, progress: int, ended: bool) -> None:
        """Validate if it is time to, after ``progress`` epochs or iters."""
        step = bisect.bisect(self.dynamic_milestones, progress + 1)
        self.val_interval = self.dynamic_intervals[step - 1]
        due = ended or progress % self.val_interval == 0
        if self.runner.val_loop is None or progress < self.val_begin:
            return
        if due:
            self.runner.val_loop.run()

    @property
    def _sampler(self):
        """The sampler, also when it hides in a batch sampler."""
        batch_sampler = self.dataloader.batch_sampler
        return getattr(batch_sampler, 'sampler', self.dataloader.sampler)

    def _batches(self, done: int) -> Iterator:
        """Batches of the current epoch after the first ``done``."""
        if done == self.epoch_length:
            return
        sampler = self._sampler
        # Only the plain batch sampler is known to cut its sampler's order
        # into pieces of equal length.
        plain = type(self.dataloader.batch_sampler) is BatchSampler
        skip = done
        if plain and hasattr(sampler, 'set_start'):
            sampler.set_start(done * self.dataloader.batch_size)
            skip = 0
        batches = iter(self.dataloader)
        if skip:
            self.runner.logger.warning(
                f'Reading {skip} batches again that were consumed before the '
                f'checkpoint, as {type(sampler).__name__} cannot start in the '
                'middle of an epoch; elip_mm.KeyedSampler can.'
            )
            for _ in range(skip):
                next(batches)
        if done:
            self.runner.call_hook('after_resume_epoch')
        yield from batches

    def _agree_with_checkpoint(self) -> None:
        """Take over the data order of the run that is resumed, or refuse.

        The order is noted in the message hub, hence in every checkpoint.
        """
        hub, sampler = self.runner.message_hub, self._sampler
        order = hub.get_info('data_order')
        if self._iter > 0:
            self._check_position(order)
        seed = getattr(sampler, 'seed', None)
        if self._iter > 0 and order and order['seed'] is not None:
            seed = order['seed']
            if hasattr(sampler, 'seed'):
                sampler.seed = seed
        hub.update_info(
            'data_order', dict(seed=seed, epoch_length=self.epoch_length)
        )

    def _check_position(self, order: Optional[dict]) -> None:
        """Find the resumed position in this run's epochs."""
        length = self.epoch_length
        then = order['epoch_length'] if order else None
        if then is not None and then != length:
            raise ValueError(
                _MISMATCH.format(iter=self._iter, then=then, now=length)
            )
        if 0 <= self._iter - self._epoch * length <= length:
            return
        if then is None:
            raise ValueError(
                _MISMATCH.format(iter=self._iter, then='other', now=length)
            )
        # The run ended within an epoch, at max_iters, and is made longer.
        self._epoch = self._iter // length
