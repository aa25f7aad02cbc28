# Copyright (c) elip_mm contributors. All rights reserved.
import json
import random
from typing import Any, Dict, List, Optional, Sequence, Union

from mmengine import fileio

from elip_mm.registry import DATASETS

from .base import ImageTextDataset
from .gallery import equal_text_positives


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
    for case and white space count as hits for each other's images.

    An item of the pipeline has ``img_path``, ``text`` (str, or List[str] in
    ``test_mode``), ``image_id`` (int, equal for records of one image) and, in
    ``test_mode``, ``gt_text_id`` and ``gt_image_id`` as in
    :func:`link_gallery`.

    Args:
        ann_file (str or Sequence[str]): One or several annotation files;
            relative ones are looked for in ``data_root``.
        data_root (str): Root of files and images. Defaults to ''.
        data_prefix (str or dict): Root of the images, itself relative to
            ``data_root``: a path or ``dict(img=path)``. Images with an
            absolute path ignore it. Defaults to ''.
        test_mode (bool): Whether to serve as a retrieval gallery.
            Defaults to False.
        **kwargs: ``pipeline``, ``seed``, ``max_refetch``, ``indices``,
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
        if isinstance(data_prefix, str):
            data_prefix = dict(img=data_prefix)
        if set(data_prefix) != {'img'}:
            raise ValueError(
                'ImageTextPairs: `data_prefix` must be a path or '
                f'dict(img=path), but got {data_prefix!r}.'
            )
        files = [ann_file] if isinstance(ann_file, str) else list(ann_file)
        if not files:
            raise ValueError('ImageTextPairs: `ann_file` names no file.')
        self.ann_files = files
        super().__init__(
            data_root=data_root,
            data_prefix=data_prefix,
            test_mode=test_mode,
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
        root = self.data_prefix['img']
        if root and not fileio.isdir(root):
            raise FileNotFoundError(
                f'ImageTextPairs: the image root {root!r} is not a folder; '
                'check `data_root` and `data_prefix`.'
            )
        records: List[dict] = []
        numbers: Dict[Any, int] = {}
        for name in self.ann_files:
            for place, raw in enumerate(_read_list(name)):
                record = _parse(raw, f'record {place} of {name!r}', root)
                key = raw.get('image_id')
                # Given numbers count within their file, paths everywhere.
                key = record['img_path'] if key is None else (name, key)
                record['image_id'] = numbers.setdefault(key, len(numbers))
                records.append(record)
        return _join_images(records) if self.test_mode else records

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


def _read_list(name: str) -> List[Any]:
    if not fileio.isfile(name):
        raise FileNotFoundError(
            f'ImageTextPairs: there is no annotation file {name!r}; check '
            '`ann_file` and `data_root`.'
        )
    try:
        records = json.loads(fileio.get_text(name))
    except ValueError as error:
        raise ValueError(
            f'ImageTextPairs: {name!r} is not valid json: {error}'
        ) from error
    if not isinstance(records, list):
        raise ValueError(
            f'ImageTextPairs: {name!r} must hold a list of records '
            '{"image": ..., "caption": ...}, but holds a '
            f'{type(records).__name__}.'
        )
    return records


def _parse(raw: Any, where: str, root: str) -> dict:
    image = raw.get('image') if isinstance(raw, dict) else None
    if not isinstance(image, str) or not image:
        raise _malformed(where, raw, 'a path "image"')
    texts = _parse_captions(raw.get('caption'))
    if texts is None:
        raise _malformed(where, raw, 'a "caption", a text or a list of texts')
    if not isinstance(raw.get('image_id'), (int, str, type(None))):
        raise _malformed(where, raw, '"image_id" as a number or text, if any')
    path = fileio.join_path(root, image) if root else image
    return dict(img_path=path, text=texts[0] if len(texts) == 1 else texts)


def _parse_captions(caption: Any) -> Optional[List[str]]:
    texts = [caption] if isinstance(caption, str) else caption
    if not isinstance(texts, list) or not texts:
        return None
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return None
    return texts


def _malformed(where: str, raw: Any, need: str) -> ValueError:
    return ValueError(
        f'ImageTextPairs: {where} needs {need}, but is {str(raw)[:200]}'
    )


def _join_images(records: List[dict]) -> List[dict]:
    """Join the captions of each image, in the order of the files."""
    joined: Dict[int, dict] = {}
    for record in records:
        texts = record['text']
        texts = texts if isinstance(texts, list) else [texts]
        own = joined.setdefault(record['image_id'], dict(record, text=[]))
        own['text'].extend(texts)
    return list(joined.values())
