# Copyright (c) elip_mm contributors. All rights reserved.
"""Exact costs of a piece of work: arithmetic and stored activations.

Both figures do not depend on how busy the machine is, so tests may rely on
them. Times are for benchmarks.
"""

from typing import Callable, Dict, Iterable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


def count_flops(work: Callable[[], object]) -> int:
    """Count the floating-point operations of a call, attention included.

    The fused attention kernels are invisible to torch's counter, so the call
    runs with the plain ones: the same arithmetic, but more memory. Runs on
    the ``meta`` device too, at no cost.

    Args:
        work (Callable): Called once without arguments; if it runs a backward
            pass, that is counted as well.

    Returns:
        int: FLOPs, two for a multiply-add. Norms, softmax and gathers are
        not counted.
    """
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as mode:
        work()
    return mode.get_total_flops()


class _OperatorCounter(TorchDispatchMode):
    """Counts the operators that reach the dispatcher, views included."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


def count_operators(work: Callable[[], object]) -> int:
    """Count the operators of a call, those of its backward pass included.

    Args:
        work (Callable): Called once without arguments.

    Returns:
        int: Calls of ATen operators. Depends on the version of torch.
    """
    with _OperatorCounter() as counter:
        work()
    return counter.calls


def saved_bytes(
    forward: Callable[[], object], parameters: Iterable[Tensor] = ()
) -> int:
    """Measure what autograd keeps of a forward pass for the backward one.

    Args:
        forward (Callable): Called once without arguments; its result is kept
            alive while it is measured.
        parameters (Iterable[Tensor]): Tensors that exist anyway and do not
            count. Defaults to ().

    Returns:
        int: Bytes of the distinct storages.
    """
    sizes: Dict[int, int] = {}
    known = {_identity(tensor) for tensor in parameters}

    def note(tensor: Tensor) -> Tensor:
        key = _identity(tensor)
        if key not in known:
            sizes[key] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda kept: kept):
        alive = forward()
    total = sum(sizes.values())
    del alive
    return total


def _identity(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
