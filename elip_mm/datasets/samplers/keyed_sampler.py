# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Iterator, Optional, Sized, Tuple

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from elip_mm.registry import DATA_SAMPLERS
from elip_mm.utils.checks import check_flag, check_whole

__all__ = ['KeyedIndex', 'KeyedSampler']


class KeyedIndex(int):
    """An index into a dataset that also knows the epoch it is read in.

    Everywhere an ``int`` will do it is one. A dataset that draws random
    numbers for a sample may derive them from (seed, ``epoch``, index), so
    that they depend neither on the worker that reads it nor on what was read
    before.

    Args:
        value (int): The index.
        epoch (int): The epoch, counted from 0. Defaults to 0.
    """

    epoch: int

    def __new__(cls, value: int, epoch: int = 0) -> 'KeyedIndex':
        index = super().__new__(cls, value)
        index.epoch = epoch
        return index

    def __reduce__(self) -> Tuple:
        # Without this the epoch would be lost on the way to a worker.
        return KeyedIndex, (int(self), self.epoch)

    def __repr__(self) -> str:
        return f'KeyedIndex({int(self)}, epoch={self.epoch})'


@DATA_SAMPLERS.register_module()
class KeyedSampler(Sampler):
    """Sampler whose order is a function of (seed, epoch) and nothing else.

    Ranks take turns: of the global order, rank ``r`` of ``R`` reads entries
    ``r``, ``r + R``, ... It yields :class:`KeyedIndex`, and an epoch can be
    entered in the middle without touching the samples before.

    Args:
        dataset (Sized): The dataset.
        shuffle (bool): Whether each epoch has an order of its own. Defaults
            to True.
        seed (int, optional): Seed of the order, the same on every rank. If
            None, ranks agree on a random one. Defaults to None.
        round_up (bool): Whether to repeat samples so that every rank gets
            the same number; otherwise the surplus, less than one sample a
            rank, is left out of the epoch. Left out is best for contrastive
            losses, where a repeated sample is its own false negative.
            Defaults to True.
    """

    def __init__(
        self,
        dataset: Sized,
        shuffle: bool = True,
        seed: Optional[int] = None,
        round_up: bool = True,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.shuffle = check_flag('KeyedSampler: shuffle', shuffle)
        self.seed = sync_random_seed() if seed is None else _read_seed(seed)
        self.round_up = check_flag('KeyedSampler: round_up', round_up)
        self.epoch = 0
        self.start = 0
        total = len(dataset)
        if total == 0:
            raise ValueError(
                f'KeyedSampler: the dataset {type(dataset).__name__} has '
                'length zero; check its annotation file, filters and indices.'
            )
        if self.round_up:
            self.num_samples = -(-total // self.world_size)
        else:
            self.num_samples = total // self.world_size
            if self.num_samples == 0:
                raise ValueError(
                    f'KeyedSampler: {total} samples cannot be split over '
                    f'{self.world_size} processes with round_up=False; use '
                    'fewer processes or round_up=True.'
                )

    def __iter__(self) -> Iterator[KeyedIndex]:
        total, stride = len(self.dataset), self.world_size
        turns = torch.arange(
            self.rank + self.start * stride, self.num_samples * stride, stride
        )
        # Beyond the end of the order, rounding up begins again at its front.
        places = turns % total
        if self.shuffle:
            places = self._shuffled(total)[places]
        epoch = self.epoch
        return (KeyedIndex(index, epoch) for index in places.tolist())

    def _shuffled(self, total: int) -> torch.Tensor:
        """The global order of this epoch, the same on every rank."""
        generator = torch.Generator()
        # A sum would make (seed 0, epoch 1) equal to (seed 1, epoch 0), and
        # runs that differ in their seed would read the same orders shifted.
        generator.manual_seed(self.seed * 1_000_003 + self.epoch)
        return torch.randperm(total, generator=generator)

    def __len__(self) -> int:
        """Number of samples a rank reads in a whole epoch."""
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the iterations to come.

        Args:
            epoch (int): The epoch, counted from 0.
        """
        self.epoch = check_whole('KeyedSampler: the epoch', epoch)

    def set_start(self, num_samples: int) -> None:
        """Let the iterations to come begin in the middle of the epoch.

        Stays in force until it is called again.

        Args:
            num_samples (int): Samples that this rank has done already, a
                count on this rank and not over all ranks.
        """
        self.start = check_whole(
            'KeyedSampler: the number of samples to start after',
            num_samples,
            high=self.num_samples,
        )

    def set_seed(self, seed: int) -> None:
        """Take over the order of another run, as resuming does.

        Args:
            seed (int): The seed of that run's sampler.
        """
        self.seed = _read_seed(seed)


def _read_seed(seed: Any) -> int:
    # Multiplied with a constant, it must still be a number of 64 bits.
    return check_whole('KeyedSampler: seed', seed, -(2**40), 2**40)
