# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, List, Optional

import numpy as np
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.utils.model_wrappers import unwrap_model
from elip_mm.visualization import draw_token_map, restore_images

from .token_states import token_states

# Where the models of mmpretrain keep the text that goes with an image.
_TEXTS = ('text', 'question', 'gt_caption')


def draw_samples(
    model: nn.Module,
    images: Tensor,
    data_samples: List[DataSample],
    boxes: bool = True,
) -> List[np.ndarray]:
    """Draw what becomes of the vision tokens of a batch, as in its loss.

    Args:
        model (nn.Module): As :func:`token_states` takes it.
        images (Tensor): Preprocessed images, shape ``(B, 3, H, W)``, or
            ``(B, 2, 3, H, W)`` for pairs, of which the first is drawn.
        data_samples (list[DataSample]): Their samples. Of several captions
            the first one guides and is written down.
        boxes (bool): Whether to frame what the caption speaks of, if the
            samples tell (``boxes`` and ``mentioned``). Defaults to True.

    Returns:
        list[np.ndarray]: One picture per sample, uint8, red-green-blue.
    """
    inner: Any = unwrap_model(model)
    samples = [_with_one_text(sample) for sample in data_samples]
    states = token_states(inner, images, samples)
    per_sample = images.shape[1] if images.ndim == 5 else 1
    flat = images.flatten(0, 1) if images.ndim == 5 else images
    pictures = restore_images(flat, inner.data_preprocessor)
    return [
        draw_token_map(
            pictures[index * per_sample],
            states,
            _caption(sample),
            _mentioned(sample) if boxes else None,
            index * per_sample,
        )
        for index, sample in enumerate(samples)
    ]


def _with_one_text(sample: DataSample) -> DataSample:
    text = sample.get('text')
    if isinstance(text, (list, tuple)):
        sample = sample.clone()
        sample.set_field(text[0], 'text')
    return sample


def _caption(sample: DataSample) -> str:
    for key in _TEXTS:
        if isinstance(sample.get(key), str):
            return sample.get(key)
    return ''


def _mentioned(sample: DataSample) -> Optional[np.ndarray]:
    """Boxes of what the first caption speaks of, if it is known."""
    if 'boxes' not in sample or 'mentioned' not in sample:
        return None
    boxes, mentioned = np.asarray(sample.boxes), np.asarray(sample.mentioned)
    # A gallery has one row for each caption.
    return boxes[mentioned[0] if mentioned.ndim == 2 else mentioned]
