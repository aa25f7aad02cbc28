# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Sized

from mmengine.dist import all_gather_object
from torch.utils.data import DataLoader

__all__ = ['check_equal_batches']


def check_equal_batches(dataloader: DataLoader) -> None:
    """Raise an error unless all processes will see batches of equal sizes.

    Losses, queues and gradients are exchanged between processes in every
    step. One that has fewer pairs, or fewer batches, would end the training
    in the middle of an epoch, or leave the others waiting for ever.

    Args:
        dataloader (DataLoader): That of this process, for training.

    Raises:
        ValueError: If sizes differ, on every process.
    """
    sampler = dataloader.sampler
    mine = (
        len(sampler) if isinstance(sampler, Sized) else None,
        dataloader.batch_size,
        dataloader.drop_last,
    )
    sizes = all_gather_object(mine)
    if len(set(sizes)) > 1:
        said = ', '.join(f'{count}' for count, *_ in sizes)
        batch_sizes = ', '.join(f'{size}' for _, size, _ in sizes)
        raise ValueError(
            f'the processes would train on {said} samples per epoch, in '
            f'batches of {batch_sizes}, and wait for each other for ever; '
            f'{type(sampler).__name__} shares them unequally. Use '
            "sampler=dict(type='elip_mm.KeyedSampler', round_up=False), which "
            'leaves the surplus out, or round_up=True, and the same '
            'batch_size and drop_last on all processes.'
        )
