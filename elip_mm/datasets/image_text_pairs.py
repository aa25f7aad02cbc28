# Copyright (c) elip_mm contributors. All rights reserved.
import os
import random
from typing import List, Sequence, Union

from mmengine import fileio

from elip_mm.registry import DATASETS
from elip_mm.utils.checks import check_flag, check_list, check_path, shown

from .base import ImageTextDataset
from .gallery import equal_text_positives
from .image_files import is_remote
from .pair_records import PairReader, join_images, read_list


@DATASETS.register_module()
class ImageTextPairs(ImageTextDataset):
    """Images with one or several captions, from json lists.

    An annotation file is a list of records ::

        [
            {"image": "0001.jpg", "caption": "a dog on the beach"},
            {"image": "0002.jpg", "caption": ["a red kite", "kite in the sky"],
             "image_id": 7}
        ]

    In training every record is a sample; of several captions one is drawn at
    each access. With ``test_mode`` every image is a sample with all of its
    captions: records of the same image are joined. Texts that are equal but
    for case and white space count as hits for each other's images. Images
    without captions are candidates that no caption asks for.

    An image is what its path says. Records of a file that share an
    ``image_id`` must name the same one.

    Empty captions beside others are skipped; halves of characters, which json
    can hold and no tokenizer takes, become U+FFFD. Both are counted and
    reported once. Files are read as UTF-8, with or without a byte-order mark.

    An item of the pipeline has ``img_path``, ``text`` (str, or List[str] in
    ``test_mode``), ``image_id`` (int, equal for records of one image) and, in
    ``test_mode``, ``gt_text_id`` and ``gt_image_id`` as in
    :func:`link_gallery`.

    Args:
        ann_file (str or Sequence[str]): One or several annotation files;
            relative ones are looked for in ``data_root``.
        data_root (str): Root of files and images. Defaults to ''.
        data_prefix (str or dict): Root of the images, itself relative to
            ``data_root``: a path or ``dict(img=path)``. With a root, images
            outside of it are refused, be it by an absolute path, by ``../``
            or by a link, unless ``allow_outside=True``. Without one, paths
            are taken as they are. Defaults to ''.
        test_mode (bool): Whether to serve as a retrieval gallery.
            Defaults to False.
        **kwargs: ``pipeline``, ``seed``, ``max_refetch``, ``max_pixels``,
            ``allow_outside``, ``allow_remote``, ``indices``,
            ``serialize_data``, ``lazy_init`` and ``metainfo`` of
            :class:`ImageTextDataset`.

    Examples:
        >>> data = ImageTextPairs(
        ...     ann_file=['coco.json', 'sbu.json'],
        ...     data_root='data',
        ...     data_prefix=dict(img='images'),
        ...     pipeline=[dict(type='LoadImageFromFile')])
    """

    def __init__(
        self,
        ann_file: Union[str, Sequence[str]],
        data_root: str = '',
        data_prefix: Union[str, dict] = '',
        test_mode: bool = False,
        **kwargs,
    ) -> None:
        single = isinstance(ann_file, (str, os.PathLike))
        files = [
            check_path('ImageTextPairs: `ann_file`', name)
            for name in (
                [ann_file]
                if single
                else check_list('ImageTextPairs: `ann_file`', ann_file)
            )
        ]
        if not all(files) or not files:
            raise ValueError('ImageTextPairs: `ann_file` names no file.')
        self.ann_files = files
        super().__init__(
            data_root=check_path('ImageTextPairs: `data_root`', data_root),
            data_prefix=_read_prefix(data_prefix),
            test_mode=check_flag('ImageTextPairs: `test_mode`', test_mode),
            **kwargs,
        )

    def _join_prefix(self) -> None:
        super()._join_prefix()
        self.ann_files = [
            fileio.join_path(self.data_root, name) if self.data_root else name
            for name in self.ann_files
        ]
        self.ann_file = self.ann_files[0]

    def describe_source(self) -> str:
        """Name the origin of the records in error messages."""
        return f'annotation files {self.ann_files}'

    def load_data_list(self) -> List[dict]:
        """Read and check all annotation files.

        Returns:
            List[dict]: One record per sample.
        """
        root = self.image_root
        # Nobody can list what is at an address.
        remote = self.allow_remote and is_remote(root)
        if root and not remote and not fileio.isdir(root):
            raise FileNotFoundError(
                f'ImageTextPairs: the image root {root!r} is not a folder; '
                'check `data_root` and `data_prefix`.'
            )
        reader = PairReader(root, self.image_guard, gallery=self.test_mode)
        for name in self.ann_files:
            reader.read(name, read_list(name, self.allow_remote))
        records = reader.finish()
        return join_images(records) if self.test_mode else records

    def find_positives(self, records: Sequence[dict]) -> List[List[int]]:
        """Find all images that carry the text of each caption.

        Args:
            records (Sequence[dict]): One record per image.

        Returns:
            List[List[int]]: Numbers of images, one list a caption.
        """
        return equal_text_positives([record['text'] for record in records])

    def prepare_info(self, info: dict, epoch: int) -> dict:
        """Draw one of several captions in training.

        Args:
            info (dict): The record.
            epoch (int): Number of the epoch; it has entered the generator.

        Returns:
            dict: Input of the pipeline.
        """
        if not self.test_mode and isinstance(info['text'], list):
            info['text'] = random.choice(info['text'])
        return info


def _read_prefix(prefix: Union[str, dict]) -> dict:
    if not isinstance(prefix, dict):
        prefix = dict(img=prefix)
    if set(prefix) != {'img'}:
        raise ValueError(
            'ImageTextPairs: `data_prefix` must be a path or dict(img=path), '
            f'but got {shown(prefix)}.'
        )
    name = 'ImageTextPairs: `data_prefix`'
    return dict(img=check_path(name, prefix['img']))
