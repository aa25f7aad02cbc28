# Copyright (c) elip_mm contributors. All rights reserved.
from typing import List, Tuple

from torch.utils.data import Dataset

from elip_mm.registry import DATASETS
from elip_mm.utils.checks import check_whole
from elip_mm.utils.keyed_random import stable_key


@DATASETS.register_module()
class MatchingPairs(Dataset):
    """A gallery as a fixed list of pairs, every other one a mismatch.

    Pair ``i`` shows image ``i``: with one of its own captions if ``i`` is
    even, and with one that is *not* true of it, from anywhere in the gallery,
    if ``i`` is odd. Which one follows from the seed and ``i`` alone, so the
    pairs stay the same for any batch size and number of processes. An image
    without captions always gets a mismatch.

    Args:
        dataset (dict): Config of a data set in ``test_mode`` whose pipeline
            packs data samples with ``text``.
        seed (int): Changing it draws other captions. Defaults to 0.

    Examples:
        >>> data = MatchingPairs(dict(
        ...     type='elip_mm.SyntheticScenes', split='val', test_mode=True,
        ...     pipeline=[dict(type='mmpretrain.PackInputs',
        ...                    algorithm_keys=['text'])]))
        >>> sample = data[1]['data_samples']
        >>> sample.text, sample.gt_label  # label 0: no match
    """

    def __init__(self, dataset: dict, seed: int = 0) -> None:
        self.gallery = DATASETS.build(dataset)
        if not getattr(self.gallery, 'test_mode', False):
            raise ValueError(
                'MatchingPairs needs the captions of all images and what they '
                'are true of; set test_mode=True in its data set '
                f'{type(self.gallery).__name__}.'
            )
        self.seed = check_whole('MatchingPairs: seed', seed, low=-(2**63))
        self.gallery.full_init()
        # Where each caption of the gallery is: (image, place).
        self._captions: List[Tuple[int, int]] = [
            (image, place)
            for image in range(len(self.gallery))
            for place in range(len(self._record(image)['text']))
        ]

    @property
    def metainfo(self) -> dict:
        """dict: That of the gallery."""
        return self.gallery.metainfo

    def __len__(self) -> int:
        """int: One pair an image."""
        return len(self.gallery)

    def __getitem__(self, index: int) -> dict:
        """Read a pair.

        Args:
            index (int): Number of the pair.

        Returns:
            dict: What the gallery's pipeline gives, but its data sample has
            a single ``text`` and as ``gt_label`` 1 for a match, else 0.
        """
        index = int(index)
        item = self.gallery[index]
        sample = item['data_samples']
        matched = index % 2 == 0 and bool(self._record(index)['text'])
        text = self._own(index) if matched else self._foreign(index)
        sample.set_field(text, 'text')
        # They speak of the image's own captions.
        for name in ('gt_text_id', 'gt_image_id', 'mentioned', 'boxes'):
            if name in sample:
                delattr(sample, name)
        sample.set_gt_label(int(matched))
        return item

    def _record(self, image: int) -> dict:
        return self.gallery.get_data_info(image)

    def _own(self, image: int) -> str:
        texts = self._record(image)['text']
        return texts[stable_key(self.seed, image) % len(texts)]

    def _foreign(self, image: int) -> str:
        """A caption that is not true of an image."""
        true = set(self._record(image)['gt_text_id'])
        total = len(self._captions)
        if len(true) == total:
            raise ValueError(
                'MatchingPairs: every caption of the gallery is true of image '
                f'{image}, so no mismatch can be made; take more images.'
            )
        column = stable_key(self.seed, image) % total
        while column in true:
            column = (column + 1) % total
        other, place = self._captions[column]
        return self._record(other)['text'][place]
