# Copyright (c) elip_mm contributors. All rights reserved.
"""One small adapter for each model of mmpretrain that can be made to prune."""

from typing import Optional

from torch import nn

from .base import BertGuidedHost, Host
from .blip import (
    BlipCaptionHost,
    BlipNLVRHost,
    BlipRetrievalHost,
    BlipVQAHost,
)
from .classifier import ImageClassifierHost
from .clip import CLIPHost

HOSTS = (
    BlipRetrievalHost(),
    BlipCaptionHost(),
    BlipVQAHost(),
    BlipNLVRHost(),
    ImageClassifierHost(),
    CLIPHost(),
)


def find_host(model: nn.Module) -> Optional[Host]:
    """Find the adapter of a model.

    Args:
        model (nn.Module): The model.

    Returns:
        Host or None: None if there is none for its class.
    """
    for host in HOSTS:
        if isinstance(model, host.model_type):
            return host
    return None


__all__ = ['HOSTS', 'BertGuidedHost', 'Host', 'find_host']
