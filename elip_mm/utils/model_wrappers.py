# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Iterator, Tuple

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch.optim import Optimizer


def unwrap_model(model: Any) -> Any:
    """Return the model inside of a wrapper for distributed training.

    Args:
        model (nn.Module): A model, wrapped or not.

    Returns:
        nn.Module: The model itself.
    """
    return model.module if is_model_wrapper(model) else model


def optimizers_of(
    optim_wrapper: Any,
) -> Iterator[Tuple[str, Optimizer]]:
    """Optimisers of torch inside of a wrapper.

    Args:
        optim_wrapper (OptimWrapper or OptimWrapperDict): The wrapper, or
            something that is not built yet, which has none.

    Yields:
        tuple[str, Optimizer]: The name, empty if there is but one, and the
        optimiser.
    """
    if isinstance(optim_wrapper, OptimWrapperDict):
        for name, wrapper in optim_wrapper.items():
            yield name, wrapper.optimizer
    elif isinstance(optim_wrapper, OptimWrapper):
        yield '', optim_wrapper.optimizer
