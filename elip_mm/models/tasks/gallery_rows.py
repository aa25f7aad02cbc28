# Copyright (c) elip_mm contributors. All rights reserved.
"""Rows of a gallery that several processes have shared among themselves."""

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import torch
from mmengine.dist import (
    all_gather,
    all_gather_object,
    get_rank,
    get_world_size,
)
from mmpretrain.structures import DataSample
from torch import Tensor

__all__ = ['GalleryRows', 'find_gallery_rows']


@dataclass(frozen=True)
class GalleryRows:
    """Which row of which process is which row of the gallery.

    Processes may hold other numbers of rows, in any order, and the same row
    twice, as samplers repeat some; the first one counts.

    Args:
        own (Tensor): Local rows that count, int64, shape ``(n,)``.
        places (Tensor): Their rows in the gallery, int64, shape ``(n,)``.
        counts (tuple[int]): Rows of each process, repeated ones included.
        order (Tensor): Row of the gallery to row of all processes, each
            padded to the longest, int64, shape ``(N,)``.
    """

    own: Tensor
    places: Tensor
    counts: Tuple[int, ...]
    order: Tensor

    def __len__(self) -> int:
        return len(self.order)

    def gather(self, rows: Tensor) -> Tensor:
        """Rows of all processes in the order of the gallery.

        Args:
            rows (Tensor): All local rows, shape ``(n, ...)``.

        Returns:
            Tensor: Shape ``(N, ...)``.

        Raises:
            ValueError: If there are not as many as there are local images or
                captions.
        """
        if len(rows) != self.counts[get_rank()]:
            raise ValueError(
                f'retrieval got {len(rows)} rows of features, but the samples '
                f'of this process have {self.counts[get_rank()]}; there has '
                'to be one list in gt_image_id for each caption in text.'
            )
        # Collectives take equally many rows from all; the padding is cut.
        rest = max(self.counts) - len(rows)
        padded = torch.cat([rows, rows.new_zeros(rest, *rows.shape[1:])])
        return torch.cat(all_gather(padded))[self.order.to(rows.device)]


class _Image(NamedTuple):
    """Where the first copy of an image of the gallery is."""

    rank: int
    row: int
    first_text: int
    num_texts: int


def find_gallery_rows(
    data_samples: Sequence[DataSample],
    num_images: Optional[int] = None,
    num_texts: Optional[int] = None,
) -> Tuple[GalleryRows, GalleryRows]:
    """Find out which images and captions of a gallery are where.

    Images are known by ``sample_idx``, their number in the data set, or else
    by ``image_id``; captions follow their image. A single process may do
    without: its samples then are the gallery, in their order.

    Args:
        data_samples (Sequence[DataSample]): Samples of this process, with one
            entry in ``gt_image_id`` per caption.
        num_images (int, optional): Images of the whole set. Defaults to None,
            those that are there.
        num_texts (int, optional): Captions of the whole set. Defaults to
            None, those that are there.

    Returns:
        tuple[GalleryRows, GalleryRows]: Rows of images, and of captions.

    Raises:
        ValueError: If images cannot be told apart, or some of the whole set
            are on no process.
    """
    mine = [
        (_place(sample, row), len(sample.get('gt_image_id')))
        for row, sample in enumerate(data_samples)
    ]
    shared = all_gather_object(mine)
    found: Dict[int, _Image] = {}
    for rank, samples in enumerate(shared):
        first = 0
        for row, (place, count) in enumerate(samples):
            found.setdefault(place, _Image(rank, row, first, count))
            first += count
    images = [found[place] for place in sorted(found)]
    texts = [
        (image.rank, image.first_text + text)
        for image in images
        for text in range(image.num_texts)
    ]
    _check_complete('images', len(images), num_images)
    _check_complete('captions', len(texts), num_texts)
    return (
        _rows([image[:2] for image in images], [len(part) for part in shared]),
        _rows(texts, [sum(count for _, count in part) for part in shared]),
    )


def _place(sample: DataSample, row: int) -> int:
    """Number of an image in the gallery."""
    for name in ('sample_idx', 'image_id'):
        place = sample.get(name)
        if place is not None:
            return int(place)
    if get_world_size() == 1:
        return row
    raise ValueError(
        'retrieval on several processes has to know which image each sample '
        "is; add 'sample_idx' or 'image_id' to the meta_keys of PackInputs in "
        'the pipeline of the test set.'
    )


def _check_complete(what: str, found: int, total: Optional[int]) -> None:
    if total not in (None, found):
        raise ValueError(
            f'retrieval over {total} {what} got {found} of them from all '
            "processes together. Use sampler=dict(type='DefaultSampler', "
            'shuffle=False), which leaves none out, and a data set that '
            'numbers its images by sample_idx or image_id.'
        )


def _rows(order: List[Tuple[int, int]], counts: List[int]) -> GalleryRows:
    """Build from rank and row of each row of the gallery."""
    longest = max(counts)
    mine = [
        (row, place)
        for place, (rank, row) in enumerate(order)
        if rank == get_rank()
    ]
    own, places = torch.tensor(mine, dtype=torch.long).view(-1, 2).unbind(1)
    return GalleryRows(
        own=own,
        places=places,
        counts=tuple(counts),
        order=torch.tensor(
            [rank * longest + row for rank, row in order], dtype=torch.long
        ),
    )
