# Copyright (c) elip_mm contributors. All rights reserved.
"""Reading a parity file and comparing with it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List

import numpy as np
import torch
from torch import Tensor, nn

TOLERANCE = dict(out=1e-5, grad=1e-4, after=1e-6, keep=0.0)


class Fixture:
    """A parity file: sizes, inputs, weights and expected outputs.

    Args:
        path (Path): An ``.npz`` file, see docs/en/results/parity.md.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with np.load(path, allow_pickle=False) as arrays:
            self._arrays = {name: arrays[name] for name in arrays.files}
        self.meta = json.loads(str(self._arrays.pop('meta')))

    def group(self, prefix: str) -> Dict[str, Tensor]:
        """All tensors whose name begins with ``prefix.``, without it."""
        start = f'{prefix}.'
        # ascontiguousarray turns scalars into vectors; copies keep the shape.
        return {
            name[len(start) :]: torch.from_numpy(np.array(value))
            for name, value in self._arrays.items()
            if name.startswith(start)
        }


@dataclass
class Report:
    """Worst difference of every tensor of a file.

    Args:
        rows (list): ``(name, difference, tolerance)``; outputs and gradients
            relative to the largest entry of the tensor if that exceeds 1.
    """

    rows: List[tuple] = field(default_factory=list)

    def compare(
        self, kind: str, name: str, ours: Tensor, expected: Tensor
    ) -> None:
        """Add one tensor; ``kind`` is 'out', 'grad', 'after' or 'keep'."""
        if tuple(ours.shape) != tuple(expected.shape):
            self.rows.append((f'{kind}.{name}', float('inf'), 0.0))
            return
        ours, expected = ours.detach().double(), expected.double()
        worst = (ours - expected).abs().max().item()
        if kind != 'keep':
            largest = expected.abs().max().item()
            # Gradients are judged by their own scale whatever it is, unless
            # there are none.
            own = largest or 1.0
            worst /= own if kind == 'grad' else max(largest, 1.0)
        self.rows.append((f'{kind}.{name}', worst, TOLERANCE[kind]))

    @property
    def failures(self) -> List[str]:
        return [
            f'{name}: {worst:.2e} > {limit:.0e}'
            for name, worst, limit in self.rows
            if not worst <= limit
        ]

    def __str__(self) -> str:
        width = max(len(name) for name, _, _ in self.rows)
        return '\n'.join(
            f'{name:{width}}  {worst:9.2e}  '
            f'{"ok" if worst <= limit else f"ABOVE {limit:.0e}"}'
            for name, worst, limit in self.rows
        )


def compare_gradients(
    report: Report, module: nn.Module, expected: Dict[str, Tensor], convert
) -> None:
    """Compare gradients that are stored under the reference's names.

    Args:
        report (Report): Gets a row for each tensor.
        module (nn.Module): Our module after the backward pass.
        expected (dict[str, Tensor]): Gradients by foreign name.
        convert (Callable): Foreign name to our name.
    """
    parameters = dict(module.named_parameters())
    for name, gradient in expected.items():
        ours = parameters[convert(name)].grad
        report.compare('grad', name, ours.reshape(gradient.shape), gradient)
