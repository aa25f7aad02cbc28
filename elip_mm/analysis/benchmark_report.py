# Copyright (c) elip_mm contributors. All rights reserved.
"""Table, sentences and plot of a benchmark."""

import json
from pathlib import Path
from typing import List, Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .measure import Measurement
from .tables import markdown_table, print_table

HEADINGS = (
    'setting',
    'variant',
    'FLOPs',
    'saved bytes',
    'time',
    'time (median)',
    'images/s',
    'operators',
    'peak memory',
)


def make_rows(
    setting: str, measurements: Sequence[Measurement]
) -> List[List[str]]:
    """Turn measurements into table rows, relative to the first one.

    Args:
        setting (str): What was swept, such as 'batch=8'.
        measurements (Sequence[Measurement]): The baseline first.

    Returns:
        list[list[str]]: Cells in the order of ``HEADINGS``.
    """
    base, rows = measurements[0], []
    for one in measurements:
        ratio = one.relative_to(base)
        rows.append(
            [
                setting,
                one.name,
                f'{ratio["flops"]:.4f}',
                *(
                    f'{ratio[key]:.3f}' if key in ratio else '-'
                    for key in ('saved_bytes', 'time', 'time_median')
                ),
                f'{one.images_per_second:.2f}' if one.times else '-',
                str(one.operators),
                '-'
                if one.peak_bytes is None
                else f'{one.peak_bytes / 1e6:.0f} MB',
            ]
        )
    return rows


def find_losses(
    results: Mapping[str, Sequence[Measurement]],
) -> List[str]:
    """Say where a reduction costs more than it saves.

    Args:
        results (dict): Measurements by setting, the baseline first.

    Returns:
        list[str]: One sentence for each loss.
    """
    losses = []
    for setting, (base, *others) in results.items():
        for one in others:
            ratio = one.relative_to(base)
            worse = [
                f'{key.replace("_", " ")} x{value:.2f}'
                for key, value in ratio.items()
                if key in ('flops', 'saved_bytes', 'time') and value > 1
            ]
            if worse:
                losses.append(
                    f'{setting}: {one.name} loses: {", ".join(worse)}'
                )
    return losses


def write_benchmark(
    results: Mapping[str, Sequence[Measurement]], title: str, folder: Path
) -> None:
    """Print the table and leave it with JSON and plot in a folder.

    Args:
        results (dict): Measurements by setting, the baseline first.
        title (str): What was measured.
        folder (Path): Gets ``benchmark.md``, ``.json`` and ``.png``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cells = [
        list(HEADINGS),
        *(
            row
            for setting, some in results.items()
            for row in make_rows(setting, some)
        ),
    ]
    print_table(cells, title, width=130)
    losses = find_losses(results) or ['No setting in which a variant loses.']
    print('\n'.join(losses))
    lines = [f'# {title}', '', markdown_table(cells), '']
    lines += [*[f'- {loss}' for loss in losses], '']
    (folder / 'benchmark.md').write_text('\n'.join(lines))
    (folder / 'benchmark.json').write_text(
        json.dumps(
            {
                setting: {one.name: dict(vars(one)) for one in some}
                for setting, some in results.items()
            },
            indent=1,
        )
    )
    draw_benchmark(results, title, folder / 'benchmark.png')


def draw_benchmark(
    results: Mapping[str, Sequence[Measurement]], title: str, path: Path
) -> None:
    """Plot the ratios to the baseline over the settings.

    Args:
        results (dict): Measurements by setting, the baseline first.
        title (str): Title of the figure.
        path (Path): The picture to write.
    """
    settings = list(results)
    names = [one.name for one in results[settings[0]]]
    ratios = [
        [one.relative_to(some[0]) for one in some] for some in results.values()
    ]
    panels = [
        key for key in ('flops', 'saved_bytes', 'time') if key in ratios[0][0]
    ]
    figure = Figure(figsize=(4.4 * len(panels), 3.8), dpi=110)
    FigureCanvasAgg(figure)
    for number, key in enumerate(panels, start=1):
        axis = figure.add_subplot(1, len(panels), number)
        heading = f'{key.replace("_", " ")} / {names[0]}'
        axis.set_title(heading, fontsize=10)
        if len(settings) == 1:
            _draw_bars(axis, names, [one[key] for one in ratios[0]])
            continue
        for place, name in enumerate(names):
            values = [some[place][key] for some in ratios]
            axis.plot(settings, values, marker='o', label=name)
        axis.axhline(1, color='grey', linewidth=0.8)
        axis.set_ylim(bottom=0)
        axis.tick_params(axis='x', labelsize=8)
        axis.grid(alpha=0.3)
    if len(settings) > 1:
        axis.legend(fontsize=8)
    figure.suptitle(title, fontsize=11)
    figure.tight_layout()
    figure.savefig(path)


def _draw_bars(axis, names: Sequence[str], values: Sequence[float]) -> None:
    """One setting has no course to follow: a bar for each variant."""
    bars = axis.barh(names, values, color=[f'C{i}' for i in range(len(names))])
    axis.bar_label(bars, fmt='%.3f', padding=3, fontsize=8)
    axis.axvline(1, color='grey', linewidth=0.8)
    axis.set_xlim(0, 1.15 * max(values))
    axis.invert_yaxis()
    axis.tick_params(labelsize=8)
