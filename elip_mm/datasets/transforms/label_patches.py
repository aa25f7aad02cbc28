# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from elip_mm.registry import TRANSFORMS

from ..synthetic_scenes.meaning import Mention
from ..synthetic_scenes.patches import patch_owners


@TRANSFORMS.register_module()
class LabelPatches(BaseTransform):
    """Say of every patch of a drawn scene what it shows.

    **Required Keys:**

    - img_shape (tuple): height and width in pixels
    - boxes (np.ndarray): shape ``(n, 4)``
    - attributes (np.ndarray): numbers of words for each object, ``(n, 6)``

    **Added Keys:**

    - patch_labels (np.ndarray): int64, shape ``(len(names), patches)``, 0
      for the ground and 1 + the number of the word for an object.

    Args:
        patch_size (int): Side of a patch in pixels. Defaults to 8.
        names (Sequence[str]): Which attributes, of ``'shape'``, ``'colour'``,
            ``'size'``, ``'pattern'``, ``'row'`` and ``'column'``. Defaults to
            ('shape', 'colour').
    """

    def __init__(
        self,
        patch_size: int = 8,
        names: Sequence[str] = ('shape', 'colour'),
    ) -> None:
        unknown = sorted(set(names) - set(Mention._fields))
        if unknown or not names:
            raise ValueError(
                f'LabelPatches: unknown names {unknown}; choose some of '
                f'{list(Mention._fields)}.'
            )
        self.patch_size = patch_size
        self.names = list(names)
        self._columns = [Mention._fields.index(name) for name in names]

    def transform(self, results: dict) -> dict:
        """Add the labels to a sample.

        Args:
            results (dict): The sample.

        Returns:
            dict: The same with ``patch_labels``.
        """
        height, width = results['img_shape'][:2]
        grid = (height // self.patch_size, width // self.patch_size)
        owner = patch_owners(results['boxes'], (height, width), grid)
        # The ground is a last row of -1, so that it becomes 0.
        words = results['attributes'][:, self._columns]
        words = np.concatenate([words, np.full((1, words.shape[1]), -1)])
        results['patch_labels'] = (words[owner] + 1).T.astype(np.int64)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(patch_size={self.patch_size}, '
            f'names={self.names})'
        )
