# Copyright (c) elip_mm contributors. All rights reserved.
from mmengine.model import is_model_wrapper
from torch import nn


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model inside of a wrapper for distributed training.

    Args:
        model (nn.Module): A model, wrapped or not.

    Returns:
        nn.Module: The model itself.
    """
    return model.module if is_model_wrapper(model) else model
