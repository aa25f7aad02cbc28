# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, List, Sequence

from mmengine.dataset import default_collate

from elip_mm.registry import FUNCTIONS
from elip_mm.utils.checks import shown


@FUNCTIONS.register_module()
def stack_pairs(batch: Sequence[dict]) -> dict:
    """Stack the images of a batch, as mmengine's ``default_collate`` does.

    That one leaves it to torch to notice images of two sizes, which names
    neither the images nor what to do.

    Args:
        batch (Sequence[dict]): What a pipeline with ``PackInputs`` gives:
            ``inputs``, shape ``(C, H, W)``, and ``data_samples``. Items of
            another form are left to ``default_collate``.

    Returns:
        dict: ``inputs`` of shape ``(B, C, H, W)`` and a list
        ``data_samples``.

    Raises:
        ValueError: The images are not of one size.
    """
    images = [item.get('inputs') for item in batch if isinstance(item, dict)]
    shapes = [tuple(getattr(image, 'shape', ())) for image in images]
    other = next((i for i, s in enumerate(shapes) if s != shapes[0]), None)
    if other is not None:
        raise ValueError(
            f'stack_pairs: a batch needs images of one size, but '
            f'{_name(batch, 0)} has the shape {shapes[0]} and '
            f'{_name(batch, other)} has {shapes[other]}. Let the pipeline of '
            'the data set end in one size for all, with Resize(scale=(224, '
            '224)), RandomResizedCrop or CenterCrop before PackInputs.'
        )
    return default_collate(batch)


def _name(batch: Sequence[Any], place: int) -> str:
    """What is known of an image of a batch."""
    sample = batch[place].get('data_samples', {})
    names: List[str] = [
        f'{key} {shown(sample.get(key))}'
        for key in ('img_path', 'image_id', 'sample_idx')
        if sample.get(key) is not None
    ]
    return names[0] if names else f'image {place} of the batch'
