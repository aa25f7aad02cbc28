# Copyright (c) elip_mm contributors. All rights reserved.
import numbers
from typing import List, Sequence, Set, Tuple, Union

import numpy as np

from elip_mm.registry import DATASETS
from elip_mm.utils.checks import check_choice, check_list, check_whole, shown

from ..base import ImageTextDataset
from .drawing import draw_scene
from .grammar import Caption, write_caption
from .levels import get_level
from .meaning import Meaning, Mention, SceneIndex
from .scene import Scene, compose_scene

SPLITS = ('train', 'val', 'test')
_SIZE = (
    'SyntheticScenes: `image_size` is a side or (height, width) in pixels, '
    'each of which'
)


@DATASETS.register_module()
class SyntheticScenes(ImageTextDataset):
    """Drawn scenes with captions; nothing is stored or downloaded.

    A scene shows several objects that differ in shape, colour, size, filling
    and place on a textured ground with clutter. A caption speaks of some of
    them, never of all. Everything follows from ``(level, split, seed, epoch,
    index)``; in training each epoch brings fresh scenes, the other splits
    stay as they are. Splits never share a scene.

    An item has the keys

    - ``img`` (np.ndarray): uint8, blue-green-red, shape ``(H, W, 3)``, with
      ``img_shape`` and ``ori_shape``;
    - ``text``: a caption (str), or all captions (List[str]) in ``test_mode``;
    - ``image_id`` (int): number of the scene;
    - ``boxes`` (np.ndarray): left, top, right and bottom edge of each object
      in pixels, float32, shape ``(n, 4)``;
    - ``attributes`` (np.ndarray): what the object is, in the order of
      :class:`Mention` (shape, colour, size, pattern, row, column), numbers of
      words, int64, shape ``(n, 6)``;
    - ``mentioned`` (np.ndarray): whether the caption speaks of the object,
      bool, shape ``(n, )``, or ``(captions, n)`` in ``test_mode``;
    - ``gt_label`` (int): scene class, the shape of the largest object. Names
      are in ``metainfo['classes']``, so the same data serve for
      classification, with a pipeline that packs no text;
    - in ``test_mode``, ``gt_text_id`` and ``gt_image_id`` as in
      :func:`link_gallery`. A caption is a hit for **every** scene of the
      gallery that it is true of, not only for its own.

    Args:
        level (str): Difficulty, ``'plain'``, ``'easy'``, ``'medium'`` or
            ``'hard'``. Levels are frozen. Defaults to ``'easy'``.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
            Defaults to ``'train'``.
        num_scenes (int): Number of scenes, of an epoch in training.
            Defaults to 1000.
        image_size (int or Tuple[int, int]): Side, or height and width, in
            pixels. Defaults to 64.
        captions_per_scene (int): Captions a scene in ``test_mode``.
            Defaults to 5.
        seed (int): Changing it changes every scene. Defaults to 0.
        draw (bool): Whether items have an image, with its boxes; False is for
            learning from captions alone. Defaults to True.
        test_mode (bool): Whether to serve as a retrieval gallery.
            Defaults to False.
        **kwargs: ``pipeline``, ``indices``, ``serialize_data``, ``lazy_init``
            and ``metainfo`` of :class:`ImageTextDataset`.

    Examples:
        >>> data = SyntheticScenes(level='easy', split='train', num_scenes=8)
        >>> sample = data[0]
        >>> sample['img'].shape, sample['text'], sample['mentioned']
    """

    def __init__(
        self,
        level: str = 'easy',
        split: str = 'train',
        num_scenes: int = 1000,
        image_size: Union[int, Tuple[int, int]] = 64,
        captions_per_scene: int = 5,
        seed: int = 0,
        test_mode: bool = False,
        draw: bool = True,
        **kwargs,
    ) -> None:
        self.level = get_level(level)
        self.split = check_choice('SyntheticScenes: split', split, SPLITS)
        self.num_scenes = check_whole(
            'SyntheticScenes: num_scenes', num_scenes, 1
        )
        self.captions_per_scene = check_whole(
            'SyntheticScenes: captions_per_scene', captions_per_scene, 1
        )
        self.image_size = _parse_size(image_size)
        self.draw = draw
        classes = tuple(f'large {shape}' for shape in self.level.shapes)
        metainfo = {'classes': classes, **(kwargs.pop('metainfo', None) or {})}
        super().__init__(
            seed=seed, test_mode=test_mode, metainfo=metainfo, **kwargs
        )

    def describe_source(self) -> str:
        """Name the origin of the records in error messages."""
        return f'level {self.level.name!r}, split {self.split!r}'

    def scene(self, index: int, epoch: int = 0) -> Scene:
        """Compose a scene without drawing it.

        Args:
            index (int): Number of the scene.
            epoch (int): Number of the epoch; only matters in training.
                Defaults to 0.

        Returns:
            Scene: Its objects.
        """
        epoch = epoch if self.split == 'train' else 0
        return compose_scene(self.level, self.split, self.seed, epoch, index)

    def load_data_list(self) -> List[dict]:
        """List the scenes, for a gallery with their captions.

        Returns:
            List[dict]: One record per scene.
        """
        if not self.test_mode:
            return [dict(scene=number) for number in range(self.num_scenes)]
        used: Set[Meaning] = set()
        records = []
        for number in range(self.num_scenes):
            captions = self._write_distinct(self.scene(number), used)
            records.append(
                dict(
                    scene=number,
                    text=[caption.text for caption in captions],
                    captions=captions,
                )
            )
        return records

    def _write_distinct(self, scene: Scene, used: set) -> List[Caption]:
        """Write captions that say what no other caption has said yet."""
        rng = scene.stream('captions')
        captions = []
        for _ in range(self.captions_per_scene):
            # A scene may run out of things to say; hits are by truth anyway.
            for _ in range(10):
                caption = write_caption(rng, scene)
                key = caption.meaning.canonical()
                if key not in used:
                    break
            used.add(key)
            captions.append(caption)
        return captions

    def find_positives(self, records: Sequence[dict]) -> List[List[int]]:
        """Find all scenes that each caption is true of.

        Args:
            records (Sequence[dict]): One record per scene.

        Returns:
            List[List[int]]: Numbers of scenes, one list a caption.
        """
        index = SceneIndex([self.scene(record['scene']) for record in records])
        return [
            index.where_true(caption.meaning)
            for record in records
            for caption in record['captions']
        ]

    def prepare_info(self, info: dict, epoch: int) -> dict:
        """Compose and draw the scene of a record.

        Args:
            info (dict): The record.
            epoch (int): Number of the epoch.

        Returns:
            dict: Item as listed in the description of the class.
        """
        scene = self.scene(info.pop('scene'), epoch)
        if self.test_mode:
            captions = info.pop('captions')
        else:
            captions = [write_caption(scene.stream('captions'), scene)]
            info['text'] = captions[0].text
            info['image_id'] = info['sample_idx']
        mentioned = np.zeros((len(captions), len(scene.objects)), dtype=bool)
        for row, caption in zip(mentioned, captions):
            row[list(caption.mentioned)] = True
        if self.draw:
            image, boxes = draw_scene(scene, self.image_size)
            info.update(img=image, boxes=boxes)
        info.update(
            img_shape=self.image_size,
            ori_shape=self.image_size,
            attributes=np.array(
                [obj[: len(Mention._fields)] for obj in scene.objects]
            ),
            mentioned=mentioned if self.test_mode else mentioned[0],
            gt_label=scene.label,
        )
        return info


def _parse_size(size: Union[int, Sequence[int]]) -> Tuple[int, int]:
    single = isinstance(size, numbers.Real)
    sides = (size, size) if single else check_list(_SIZE, size)
    if len(sides) != 2:
        raise ValueError(f'{_SIZE} must be given, but got {shown(size)}.')
    # Anything larger is a slip of the keyboard that ends without memory.
    height, width = (check_whole(_SIZE, side, 16, 16384) for side in sides)
    return height, width
