# Copyright (c) elip_mm contributors. All rights reserved.
"""Learning curves of several runs."""

from pathlib import Path
from typing import Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .results import Result

# mmengine logs a validation at its epoch.
PANELS = [
    ('loss', 'training loss', 'iteration'),
    ('i2t/retrieval/Recall@1', 'validation, image to text: R@1 (%)', 'epoch'),
    ('t2i/retrieval/Recall@1', 'validation, text to image: R@1 (%)', 'epoch'),
    ('itm/accuracy', 'validation, pairs judged right (%)', 'epoch'),
]


def draw_curves(results: Sequence[Result], path: Path) -> None:
    """Draw loss and validation recall of several runs over the iterations.

    Args:
        results (Sequence[Result]): One line each.
        path (Path): The picture to write.
    """
    known = sorted({key for result in results for key in result.curves})
    losses = [key for key in known if key.startswith('loss_')]
    panels = [panel for panel in PANELS if panel[0] in known]
    if len(losses) > 1:  # otherwise it is the loss
        panels += [(key, key, 'iteration') for key in losses]
    figure = Figure(figsize=(5 * max(len(panels), 1), 3.6), dpi=110)
    FigureCanvasAgg(figure)
    for number, (key, title, unit) in enumerate(panels, start=1):
        axis = figure.add_subplot(1, len(panels), number)
        for result in results:
            points = result.curves.get(key, [])
            axis.plot(
                *zip(*points) if points else ([], []),
                label=result.name,
                marker='.' if len(points) < 20 else None,
            )
        axis.set(title=title, xlabel=unit)
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path)
