# Copyright (c) elip_mm contributors. All rights reserved.
import logging
import numbers
from functools import cached_property
from typing import Any, Callable, List, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from elip_mm.registry import TRANSFORMS
from elip_mm.utils.checks import check_flag, check_list, check_whole, shown
from elip_mm.utils.keyed_random import keyed_random, stable_key

from .gallery import link_gallery
from .image_files import MAX_PIXELS, ImageGuard, describe_image

Indices = Union[int, Sequence[int]]


class BadImageError(Exception):
    """An image file that is missing or cannot be decoded."""


class ImageTextDataset(BaseDataset):
    """Base of all data sets that pair images with texts.

    It adds three things to mmengine's base.

    *Keyed randomness.* A sample is a pure function of ``(seed, epoch,
    index)``: reading and pipeline run with python's, numpy's and torch's
    generators seeded from these, whatever worker does it and in whatever
    order. The epoch is the attribute ``epoch`` of the index, 0 if it has none
    (see ``KeyedSampler``).

    *Bad images.* An image that is missing or cannot be decoded is reported
    once through mmengine's logger and counted in :attr:`num_bad`. In training
    another sample, drawn by the same key, takes its place; ``max_refetch`` of
    them in a row end the run. With ``test_mode`` a grey image takes its
    place: another sample would silently change what is measured, an error
    would end a training run at its validation, and a grey image counts as
    what it is, a query that nobody can answer. Bad is also what is not a
    regular file, what a link leads to outside of the image root, and an image
    of more than ``max_pixels``, by what its header says.

    *Galleries.* With ``test_mode`` an item is an image with all its captions
    and the numbers that retrieval is scored by, see :func:`link_gallery`.
    They are worked out after ``indices`` has been applied, and anew in every
    subset, so they always count within the data set at hand.

    Subclasses implement ``load_data_list`` and may extend
    :meth:`prepare_info`, :meth:`find_positives` and :meth:`describe_source`.

    Args:
        pipeline (Sequence[dict or callable]): Transforms, looked up in this
            package and its parents. Defaults to ().
        seed (int): Seed of the key. Defaults to 0.
        max_refetch (int): Bad samples in a row that are tolerated.
            Defaults to 100.
        max_pixels (int, optional): Height times width of the largest image
            that is decoded. None for no bound, and for formats that Pillow
            does not know. Defaults to 89 478 485, a quarter of a gigabyte.
        allow_outside (bool): Whether images may lie outside of the image
            root, by absolute paths, ``../`` or links. Defaults to False.
        allow_remote (bool): Whether addresses (``https://``, ``s3://``) are
            read, and what is not a local file is left to the transform that
            loads it; its size is not looked at. Defaults to False.
        **kwargs: Other arguments of mmengine's ``BaseDataset``: ``ann_file``,
            ``data_root``, ``data_prefix``, ``indices``, ``serialize_data``,
            ``test_mode``, ``lazy_init``, ``metainfo``.
    """

    _fully_initialized: bool

    def __init__(
        self,
        *,
        pipeline: Sequence = (),
        seed: int = 0,
        max_refetch: int = 100,
        max_pixels: Optional[int] = MAX_PIXELS,
        allow_outside: bool = False,
        allow_remote: bool = False,
        **kwargs,
    ) -> None:
        name = type(self).__name__
        self.seed = check_whole(f'{name}: seed', seed, low=-(2**63))
        self.max_pixels = (
            None
            if max_pixels is None
            else check_whole(f'{name}: max_pixels', max_pixels, 1)
        )
        self.allow_outside = check_flag(
            f'{name}: allow_outside', allow_outside
        )
        self.allow_remote = check_flag(f'{name}: allow_remote', allow_remote)
        if kwargs.get('indices') is not None:
            kwargs['indices'] = self._read_indices(kwargs['indices'])
        # Built here because the base would look in mmengine's registry only.
        transforms = [
            _build_transform(f'{name}: step {place} of pipeline', step)
            for place, step in enumerate(
                check_list(f'{name}: pipeline', pipeline)
            )
        ]
        super().__init__(
            pipeline=transforms,
            max_refetch=check_whole(f'{name}: max_refetch', max_refetch),
            **kwargs,
        )

    # ---- building -------------------------------------------------------

    def full_init(self) -> None:
        """Load, cut to ``indices``, check, link and serialize the records."""
        if self._fully_initialized:
            return
        records = self.data_list = self.load_data_list()
        if self._indices is not None and records:
            wanted = self._fit_indices(self._indices, len(records))
            records = self._get_unserialized_subset(wanted)
        self._store(records)
        self._fully_initialized = True

    def get_subset_(self, indices: Indices) -> None:
        """Keep only some records, in place.

        Args:
            indices (int or Sequence[int]): The first so many records, the
                last ones if negative, or the numbers of those to keep.
        """
        super().get_subset_(
            self._fit_indices(self._read_indices(indices), len(self))
        )
        self._store(self._records())

    def get_subset(self, indices: Indices) -> 'ImageTextDataset':
        """Like :meth:`get_subset_`, but leaves this data set as it is."""
        subset = super().get_subset(
            self._fit_indices(self._read_indices(indices), len(self))
        )
        subset._store(subset._records())
        return subset

    def _read_indices(self, indices: Any) -> Any:
        """A number or a list of numbers, in Python's own types."""
        name = f'{type(self).__name__}: indices'
        if isinstance(indices, numbers.Real):
            return check_whole(name, indices, low=-(2**63))
        return [
            check_whole(f'{name}: entry {place}', index, low=-(2**63))
            for place, index in enumerate(check_list(name, indices))
        ]

    def _fit_indices(self, indices: Indices, size: int) -> Indices:
        """Raise if there are not as many records."""
        wrong: Indices
        if isinstance(indices, int):
            wrong = abs(indices) > size and indices
            # All of them, which mmengine takes for one too many.
            indices = list(range(size)) if abs(indices) == size else indices
        else:
            wrong = [i for i in indices if not -size <= i < size]
        if wrong:
            raise ValueError(
                f'{type(self).__name__}: indices asks for {shown(wrong)}, but '
                f'there are {size} records in {self.describe_source()}.'
            )
        return indices

    def _copy_without_annotation(self, memo=None) -> 'ImageTextDataset':
        # mmengine's default memo lives on between calls, and hands out parts
        # of earlier copies once Python reuses the address of an object.
        return super()._copy_without_annotation({} if memo is None else memo)

    def _records(self) -> List[dict]:
        return [self.get_data_info(i) for i in range(len(self))]

    def _store(self, records: List[dict]) -> None:
        if not records:
            raise ValueError(
                f'{type(self).__name__}: no sample left in '
                f'{self.describe_source()} (indices={self._indices}); a data '
                'set of length zero cannot be trained on or evaluated. Check '
                'the source and `indices`.'
            )
        if self.test_mode:
            link_gallery(records, self.find_positives(records))
            self._img_size = len(records)
            self._text_size = sum(len(record['text']) for record in records)
        # One flag per image in shared memory, so that a file is reported and
        # counted once, not once a caption, worker and epoch.
        images = [r.get('image_id', i) for i, r in enumerate(records)]
        self._bad = torch.zeros(max(images) + 1, dtype=torch.bool)
        self._bad.share_memory_()
        self.data_list = list(records)
        if self.serialize_data:
            self.data_bytes, self.data_address = self._serialize_data()

    def describe_source(self) -> str:
        """Name the origin of the records in error messages."""
        return f'annotation file {self.ann_file!r}'

    def find_positives(self, records: Sequence[dict]) -> List[List[int]]:
        """Find the images that each caption of the gallery is a hit for.

        Args:
            records (Sequence[dict]): One record per image.

        Returns:
            List[List[int]]: Numbers of images, one list a caption.
        """
        raise NotImplementedError

    @property
    def img_size(self) -> int:
        """int: Number of images of the gallery (``test_mode`` only)."""
        self._need_gallery('img_size')
        return self._img_size

    @property
    def text_size(self) -> int:
        """int: Number of captions of the gallery (``test_mode`` only)."""
        self._need_gallery('text_size')
        return self._text_size

    def _need_gallery(self, name: str) -> None:
        if not self.test_mode:
            # Not an AttributeError: `hasattr` would hide the message.
            raise ValueError(
                f'{type(self).__name__}.{name} exists for retrieval galleries '
                'only; set `test_mode=True` in the data set of the validation '
                'or test dataloader.'
            )
        self.full_init()

    @property
    def image_root(self) -> str:
        """str: Folder of the images, empty if paths are taken as they are."""
        prefix = self.data_prefix
        return prefix.get('img', prefix.get('img_path', ''))

    @cached_property
    def image_guard(self) -> ImageGuard:
        """ImageGuard: Which images this data set may read."""
        return ImageGuard(
            self.image_root,
            self.max_pixels,
            self.allow_outside,
            self.allow_remote,
        )

    # ---- reading --------------------------------------------------------

    @property
    def num_bad(self) -> int:
        """int: Bad images met so far, over all workers."""
        return int(self._bad.sum()) if self._fully_initialized else 0

    def __getitem__(self, index: int) -> dict:
        """Read one sample and run the pipeline on it.

        Args:
            index (int): Number of the sample; its attribute ``epoch``, if it
                has one, enters the key of the randomness.

        Returns:
            dict: What the pipeline makes of the record.
        """
        self.full_init()
        epoch = int(getattr(index, 'epoch', 0))
        first = index = self._check_index(int(index))
        for attempt in range(self.max_refetch + 1):
            try:
                with keyed_random(self.seed, epoch, index):
                    data = self._read(index, epoch)
            except BadImageError as error:
                data, reason = None, str(error)
            else:
                reason = 'the pipeline returned None'
            if data is not None:
                return data
            if self.test_mode:
                raise RuntimeError(
                    f'{type(self).__name__}: sample {index} cannot be '
                    f'evaluated: {reason}.'
                )
            index = stable_key(self.seed, epoch, first, attempt + 1) % len(
                self
            )
        raise RuntimeError(
            f'{type(self).__name__}: {self.max_refetch + 1} samples in a row '
            f'were bad, the last one because {reason}. Check the image root '
            f'{self.data_prefix} and {self.describe_source()}.'
        )

    def _check_index(self, index: int) -> int:
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f'sample {index} of a data set of {size}')
        return index % size

    def _read(self, index: int, epoch: int) -> Optional[Any]:
        """Run the pipeline; a failure before there is an image is its own."""
        data = self.prepare_info(self.get_data_info(index), epoch)
        for transform in self.pipeline.transforms:
            if 'img' in data or 'img_path' not in data:
                data = transform(data)
            else:
                data = self._load_image(transform, data, index)
            if data is None:
                return None
        return data

    def _load_image(self, transform, data: dict, index: int) -> Any:
        try:
            self.image_guard.check_file(data['img_path'])
            return transform(data)
        except MemoryError:
            raise
        except Exception as error:
            reason = BadImageError(
                f'{describe_image(data["img_path"])}: '
                f'{type(error).__name__}: {error}'
            )
            self._report(data.get('image_id', index), reason)
            if not self.test_mode:
                raise reason from error
        grey = np.full((224, 224, 3), 128, dtype=np.uint8)
        shape = grey.shape[:2]
        return dict(data, img=grey, img_shape=shape, ori_shape=shape)

    def _report(self, image: int, error: BadImageError) -> None:
        if self._bad[image]:
            return
        self._bad[image] = True
        mend = 'a grey image' if self.test_mode else 'another sample'
        print_log(
            f'Bad image, replaced by {mend}: {error} ({self.num_bad} so far)',
            logger='current',
            level=logging.WARNING,
        )

    def prepare_info(self, info: dict, epoch: int) -> dict:
        """Turn a stored record into the input of the pipeline.

        Args:
            info (dict): The record, a copy that may be changed.
            epoch (int): Number of the epoch.

        Returns:
            dict: Input of the first transform.
        """
        return info


def _build_transform(name: str, step: Any) -> Callable:
    if isinstance(step, dict) and 'type' in step:
        return TRANSFORMS.build(step)
    if not callable(step):
        raise ValueError(
            f'{name} must be a dict with a type, or something to call, but '
            f'got {shown(step)}.'
        )
    return step
