# Copyright (c) elip_mm contributors. All rights reserved.
"""Which texts are hits for which images of a retrieval gallery."""

from collections import defaultdict
from typing import List, Sequence


def normalize_text(text: str) -> str:
    """Fold case and white space, the measure by which texts are equal."""
    return ' '.join(text.lower().split())


def equal_text_positives(texts: Sequence[Sequence[str]]) -> List[List[int]]:
    """Find, for every caption of a gallery, all images that carry its text.

    Args:
        texts (Sequence[Sequence[str]]): Captions of every image.

    Returns:
        List[List[int]]: Ascending numbers of the images, one list a caption,
        captions counted through the whole gallery.
    """
    owners = defaultdict(set)
    keys = [[normalize_text(text) for text in own] for own in texts]
    for image, own in enumerate(keys):
        for key in own:
            owners[key].add(image)
    return [sorted(owners[key]) for own in keys for key in own]


def link_gallery(records: Sequence[dict], positives: Sequence[Sequence[int]]):
    """Write the numbers that retrieval is scored by into the records.

    Adds ``image_id`` (place in the gallery), ``gt_text_id`` (columns of all
    texts that are hits for this image) and ``gt_image_id`` (one list a
    caption: all images that are hits for it). mmpretrain's data sets have a
    single number in place of the inner list; its models pass either on.

    Args:
        records (Sequence[dict]): One record per image, with a list ``text``.
            Changed in place.
        hits (Sequence[Sequence[int]]): Images that each caption hits,
            captions counted through the whole gallery.
    """
    columns: List[List[int]] = [[] for _ in records]
    for column, images in enumerate(positives):
        for image in images:
            columns[image].append(column)
    first = 0
    for image, record in enumerate(records):
        last = first + len(record['text'])
        record['image_id'] = image
        record['gt_text_id'] = columns[image]
        record['gt_image_id'] = [list(own) for own in positives[first:last]]
        first = last
