# Copyright (c) elip_mm contributors. All rights reserved.
"""From annotation files to checked records of images and captions."""

import json
import logging
import os
from typing import Any, Dict, List, Tuple

from mmengine import fileio
from mmengine.logging import print_log

from elip_mm.utils.checks import shown
from elip_mm.utils.texts import mend_text

from .image_files import ImageGuard, is_remote, join_image_path, special_kind

_NAMED = 3  # places that a message names


def read_list(name: str, allow_remote: bool = False) -> List[Any]:
    """Read an annotation file, a json list in UTF-8.

    Args:
        name (str): The file.
        allow_remote (bool): Whether addresses are fetched. Defaults to False.

    Returns:
        List[Any]: What it holds, not looked at.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no regular file or holds something else.
    """
    if not (allow_remote and is_remote(name)):
        _check_annotation_file(name)
    try:
        # A byte-order mark, which some editors write, is not part of it.
        records = json.loads(fileio.get_text(name, encoding='utf-8-sig'))
    except RecursionError:
        raise ValueError(
            f'ImageTextPairs: {name!r} is nested too deeply; it must be a '
            'flat list of records.'
        ) from None
    except ValueError as error:
        raise ValueError(
            f'ImageTextPairs: {name!r} is not valid json in UTF-8: {error}'
        ) from error
    if not isinstance(records, list):
        raise ValueError(
            f'ImageTextPairs: {name!r} must hold a list of records '
            '{"image": ..., "caption": ...}, but holds a '
            f'{type(records).__name__}.'
        )
    return records


def _check_annotation_file(name: str) -> None:
    if is_remote(name):
        raise ValueError(
            f'ImageTextPairs: the annotation file {name!r} is an address; '
            'set allow_remote=True to fetch it.'
        )
    try:
        kind = special_kind(name)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'ImageTextPairs: there is no annotation file {name!r}; check '
            '`ann_file` and `data_root`.'
        ) from None
    if kind is not None:
        raise ValueError(
            f'ImageTextPairs: the annotation file {name!r} is {kind} and not '
            'a regular file.'
        )


class PairReader:
    """Checks raw records, one file after the other.

    What makes no sense raises at once. What can be mended is mended, counted
    and reported by :meth:`finish`.

    Args:
        root (str): Folder or address of the images.
        guard (ImageGuard): Which images may be read.
        gallery (bool): Whether images may come without captions.
    """

    def __init__(self, root: str, guard: ImageGuard, gallery: bool) -> None:
        self.root = root
        self.guard = guard
        self.gallery = gallery
        self.records: List[dict] = []
        self._numbers: Dict[str, int] = {}
        self._given: Dict[Tuple[str, Any], Tuple[str, str]] = {}
        self._without_text = _Places()
        self._empty = _Places()
        self._halves = _Places()

    def read(self, name: str, raw_records: List[Any]) -> None:
        """Check the records of a file.

        Args:
            name (str): The file.
            raw_records (List[Any]): What it holds.
        """
        for place, raw in enumerate(raw_records):
            where = f'record {place} of {name!r}'
            path = self._read_path(raw, where)
            texts = self._read_texts(raw, where)
            # An image is what its path says, wherever it is named.
            image = path if is_remote(path) else os.path.normpath(path)
            number = self._numbers.setdefault(image, len(self._numbers))
            self._compare_id(raw.get('image_id'), name, where, image)
            text = texts[0] if len(texts) == 1 else texts
            self.records.append(
                dict(img_path=path, text=text, image_id=number)
            )

    def finish(self) -> List[dict]:
        """Report what was mended, or raise if too little is left.

        Returns:
            List[dict]: All records, with ``img_path``, ``image_id`` and
            ``text``, a list if there is not exactly one.
        """
        if self._without_text and not self.gallery:
            raise ValueError(
                f'ImageTextPairs: {self._without_text} needs a "caption" with '
                'more than white space in it, a text or a list of texts; '
                'remove what has none. Images without captions can be '
                'candidates of a retrieval gallery (test_mode=True).'
            )
        if self.records and self._without_text.count == len(self.records):
            raise ValueError(
                'ImageTextPairs: a retrieval gallery needs captions, but '
                f'there is none; the first record is {self._without_text}.'
            )
        _report(self._empty, 'empty captions are skipped')
        _report(
            self._halves,
            'captions hold halves of characters (lone surrogates), each '
            'replaced by U+FFFD',
        )
        return self.records

    def _read_path(self, raw: Any, where: str) -> str:
        image = raw.get('image') if isinstance(raw, dict) else None
        if not isinstance(image, str) or not image:
            raise _malformed(where, raw, 'a path "image"')
        if not isinstance(
            raw.get('image_id'), (int, str, type(None))
        ) or isinstance(raw.get('image_id'), bool):
            raise _malformed(
                where, raw, '"image_id" as a number or text, if any'
            )
        path = join_image_path(self.root, image)
        fault = self.guard.refuse_path(path)
        if fault:
            raise ValueError(
                f'ImageTextPairs: {where} names the image {shown(image)}, '
                f'which {fault}.'
            )
        return path

    def _read_texts(self, raw: dict, where: str) -> List[str]:
        caption = raw.get('caption')
        texts = [caption] if isinstance(caption, str) else caption
        texts = [] if texts is None else texts
        whole = isinstance(texts, list)
        if not whole or not all(isinstance(text, str) for text in texts):
            raise _malformed(
                where, raw, 'a "caption", a text or a list of texts'
            )
        kept = []
        for text in texts:
            mended = mend_text(text)
            if mended is not text:
                self._halves.note(where)
            if mended.strip():
                kept.append(mended)
            elif len(texts) > 1 or self.gallery:
                self._empty.note(where)
        if not kept:
            self._without_text.note(where)
        return kept

    def _compare_id(
        self, image_id: Any, name: str, where: str, image: str
    ) -> None:
        """Raise if one number stands for two images of a file."""
        if image_id is None:
            return
        before, first = self._given.setdefault(
            (name, image_id), (image, where)
        )
        if before != image:
            raise ValueError(
                f'ImageTextPairs: image_id {shown(image_id)} stands for two '
                f'images, {before!r} in {first} and {image!r} in {where}; '
                'give each its own, or leave image_id out: paths tell images '
                'apart.'
            )


class _Places:
    """How often something was met, and where first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: List[str] = []

    def note(self, where: str) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(where)

    def __bool__(self) -> bool:
        return self.count > 0

    def __str__(self) -> str:
        more = ', ...' if self.count > len(self.first) else ''
        number = f' ({self.count} in all)' if self.count > 1 else ''
        return f'{", ".join(self.first)}{more}{number}'


def _report(places: _Places, what: str) -> None:
    if places:
        print_log(
            f'ImageTextPairs: {places.count} {what}: {places}.',
            logger='current',
            level=logging.WARNING,
        )


def _malformed(where: str, raw: Any, need: str) -> ValueError:
    return ValueError(
        f'ImageTextPairs: {where} needs {need}, but is {shown(raw)}'
    )


def join_images(records: List[dict]) -> List[dict]:
    """Join the captions of each image, in the order of the files.

    Args:
        records (List[dict]): As :class:`PairReader` gives them.

    Returns:
        List[dict]: One record per image, its captions a list.
    """
    joined: Dict[int, dict] = {}
    for record in records:
        texts = record['text']
        texts = texts if isinstance(texts, list) else [texts]
        own = joined.setdefault(record['image_id'], dict(record, text=[]))
        own['text'].extend(texts)
    return list(joined.values())
