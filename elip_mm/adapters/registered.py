# Copyright (c) elip_mm contributors. All rights reserved.
"""One small adapter for each model of mmpretrain that can be made to prune."""

from typing import Optional

from torch import nn

from .base import BertGuidedAdapter, ModelAdapter
from .blip import (
    BlipCaptionAdapter,
    BlipNLVRAdapter,
    BlipRetrievalAdapter,
    BlipVQAAdapter,
)
from .classifier import ImageClassifierAdapter
from .clip import CLIPAdapter

ADAPTERS = (
    BlipRetrievalAdapter(),
    BlipCaptionAdapter(),
    BlipVQAAdapter(),
    BlipNLVRAdapter(),
    ImageClassifierAdapter(),
    CLIPAdapter(),
)


def find_adapter(model: nn.Module) -> Optional[ModelAdapter]:
    """Find the adapter of a model.

    Args:
        model (nn.Module): The model.

    Returns:
        ModelAdapter or None: None if there is none for its class.
    """
    for adapter in ADAPTERS:
        if isinstance(model, adapter.model_type):
            return adapter
    return None


__all__ = ['ADAPTERS', 'BertGuidedAdapter', 'ModelAdapter', 'find_adapter']
