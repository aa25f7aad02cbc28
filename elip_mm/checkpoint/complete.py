# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Iterable, Optional

from mmengine.model import is_model_wrapper
from torch import nn

from .differences import name_some, names_of_tensors

__all__ = ['check_complete']


def check_complete(
    model: nn.Module, names: Optional[Iterable[str]] = None
) -> None:
    """Raise an error if checkpoints of a model would not hold all of it.

    A part may strike tensors off the state dict, even off that of the whole
    model, as mmpretrain's ``LoRAModel`` does. Such a run would train, save and
    test with success, and its file would have lost most of the model.

    Args:
        model (nn.Module): The model, without distributed wrapper. One with
            wrapped parts, whose tensors have other names, is not checked.
        names (Iterable[str], optional): Names of the tensors in a checkpoint
            of it. Defaults to None, those of its state dict.

    Raises:
        ValueError: If there are parameters or buffers without a name.
    """
    if any(map(is_model_wrapper, model.modules())):
        return
    saved = set(model.state_dict() if names is None else names)
    own = names_of_tensors(model)
    lost = [name for name in own if name not in saved]
    if lost:
        (line,) = name_some('lost', lost)
        raise ValueError(
            f'a checkpoint of {type(model).__name__} would hold '
            f'{len(own) - len(lost)} of its {len(own)} tensors ({line}): a '
            'part of it strikes the others off its state dict, as '
            "mmpretrain's LoRAModel does. Adapt parts of a model of elip_mm "
            'by its own setting, such as lora=dict(vision_backbone=dict('
            "rank=8, targets=['qkv']))."
        )
