# Copyright (c) elip_mm contributors. All rights reserved.
import torch
from torch.utils._python_dispatch import TorchDispatchMode


class ShapeWatch(TorchDispatchMode):
    """Collects the shapes of all results of operators."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(one, torch.Tensor):
                self.shapes.add(tuple(one.shape))
        return out

    def square(self, lengths) -> list:
        """Shapes of matrices whose two sides are one of the lengths."""
        return [
            shape
            for shape in self.shapes
            if len(shape) >= 3
            and shape[-1] == shape[-2]
            and shape[-1] in lengths
        ]
