# Copyright (c) elip_mm contributors. All rights reserved.
from contextlib import contextmanager
from typing import Iterator, Union

import torch
from mmengine.optim import OptimWrapper
from mmengine.runner import autocast
from torch import nn

from elip_mm.registry import OPTIM_WRAPPERS

__all__ = ['AutocastOptimWrapper']

_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Mixed precision without loss scaling, on accelerators and CPUs.

    bfloat16 has the range of float32, so gradients do not vanish and nothing
    needs to be scaled. mmengine's ``AmpOptimWrapper`` is the one for float16;
    it refuses to work on a CPU.

    Args:
        dtype (str or torch.dtype): Type that matrix products are done in.
            A CPU accepts bfloat16 only. Defaults to 'bfloat16'.
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(
        self, dtype: Union[str, torch.dtype] = 'bfloat16', **kwargs
    ) -> None:
        super().__init__(**kwargs)
        cast_dtype = _DTYPES.get(str(dtype), dtype)
        if cast_dtype not in _DTYPES.values():
            raise ValueError(
                'AutocastOptimWrapper: dtype must be one of '
                f'{sorted(_DTYPES)}, but got {dtype!r}.'
            )
        self.cast_dtype = cast_dtype

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Forward passes inside run in mixed precision.

        Args:
            model (nn.Module): The model that is trained.
        """
        with super().optim_context(model), autocast(dtype=self.cast_dtype):
            yield
