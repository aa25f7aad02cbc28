# Copyright (c) elip_mm contributors. All rights reserved.
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.adapters import find_attachment
from elip_mm.models.multimodal import LanguageImageModel
from elip_mm.structures import TokenState
from elip_mm.utils.model_wrappers import unwrap_model


@torch.no_grad()
def token_states(
    model: nn.Module,
    images: Tensor,
    data_samples: Optional[List[DataSample]] = None,
) -> Dict[int, TokenState]:
    """See what becomes of the vision tokens of a batch, as in its loss.

    Args:
        model (nn.Module): A pre-trainer of this library, or a model that
            :func:`attach_reducer` was applied to; it may be wrapped. Its
            modes are the same afterwards.
        images (Tensor): As the model takes them, preprocessed.
        data_samples (list[DataSample], optional): Text that guides, one an
            image. Defaults to None.

    Returns:
        dict[int, TokenState]: Layer to the tokens after it.
    """
    model = unwrap_model(model)
    attachment = find_attachment(model)
    with _evaluating(model):
        if attachment is not None:
            return attachment.states(model, images, data_samples)
        if isinstance(model, LanguageImageModel):
            text = None
            if data_samples is not None:
                text = model.encode_text(model.tokenize(data_samples))
            hints = model.hints(images, text)
            return model.vision_backbone.states(images, hints)
    raise ValueError(
        f'{type(model).__name__} does not reduce tokens: use a pre-trainer of '
        'elip_mm, or put ELIPPruningHook into custom_hooks (attach_reducer '
        'outside of a Runner).'
    )


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Switch to evaluation; afterwards each part is in the mode it was in."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
