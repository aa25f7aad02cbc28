# Copyright (c) elip_mm contributors. All rights reserved.
"""The report of a study, from its records alone."""

from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence

from rich.console import Console

from elip_mm.analysis.tables import markdown_table, print_table

from .curves import draw_curves
from .results import Result


class Column(NamedTuple):
    """A column of the table.

    Args:
        title (str): Its heading.
        text (Callable): ``text(result, baseline)`` gives the entry.
    """

    title: str
    text: Callable[[Result, Result], str]


def _recall(
    direction: str, k: int, kind: str = 'retrieval'
) -> Callable[[Result, Result], str]:
    return _metric(f'{direction}/{kind}/Recall@{k}')


def _metric(key: str) -> Callable[[Result, Result], str]:
    return lambda result, _: (
        f'{result.metrics[key]:.1f}' if key in result.metrics else '-'
    )


def _share(value: Optional[float]) -> str:
    return '-' if value is None else f'{100 * value:.1f} %'


COLUMNS = [
    Column('recipe', lambda result, _: result.name),
    *[
        Column(f'{direction} R@{k}', _recall(direction, k))
        for direction in ('i2t', 't2i')
        for k in (1, 5, 10)
    ],
    Column('tokens per layer', lambda r, _: f'{r.costs.mean_tokens:.1f}'),
    Column(
        'train GFLOPs',
        lambda r, base: (
            f'{r.costs.flops / 1e9:.2f} '
            f'({r.costs.flops / base.costs.flops:.2f}x)'
        ),
    ),
    Column(
        'saved MB',
        lambda r, base: (
            f'{r.costs.saved_bytes / 1e6:.1f} '
            f'({r.costs.saved_bytes / base.costs.saved_bytes:.2f}x)'
        ),
    ),
    Column(
        'step time', lambda r, base: f'{r.step_time / base.step_time:.2f}x'
    ),
    Column('kept: mentioned', lambda r, _: _share(r.costs.mentioned_share)),
]


def choose_columns(results: Sequence[Result]) -> List[Column]:
    """Columns of a table: those of all models, and what these bring along.

    Models that judge pairs get the shares judged right, and no recall if they
    have none. Models that re-rank get the recall of their first stage beside
    that of both; models with several losses get each of them, at the
    beginning and at the end of the training.

    Args:
        results (Sequence[Result]): The runs of the table.

    Returns:
        list[Column]: From left to right.
    """
    metrics = {key for result in results for key in result.metrics}
    columns = list(COLUMNS)
    if not any('/retrieval/' in key for key in metrics):
        columns = [column for column in columns if ' R@' not in column.title]
    if any(key.startswith('itm/') for key in metrics):
        columns[1:1] = [
            Column(f'ITM {name}', _metric(f'itm/{name}'))
            for name in ('accuracy', 'matched', 'mismatched')
        ]
    for direction in ('t2i', 'i2t'):
        key = f'{direction}/contrastive/Recall@1'
        if any(key in result.metrics for result in results):
            title = f'{direction} R@1 without matching'
            text = _recall(direction, 1, 'contrastive')
            columns.insert(7, Column(title, text))
    losses = sorted(
        {key for r in results for key in r.curves if key.startswith('loss_')}
    )
    if len(losses) > 1:
        columns += [Column(name, _begin_and_end(name)) for name in losses]
    return columns


def _begin_and_end(name: str) -> Callable[[Result, Result], str]:
    """First and last logged value of a curve."""

    def text(result: Result, _: Result) -> str:
        points = result.curves.get(name)
        if not points:
            return '-'
        return f'{points[0][1]:.2f} > {points[-1][1]:.2f}'

    return text


def write_report(results: Sequence[Result], folder: Path) -> List[List[str]]:
    """Print the table and leave report, curves and table in a folder.

    Args:
        results (Sequence[Result]): Records, and all that is needed; the first
            is what the others are relative to.
        folder (Path): Gets ``report.md`` and ``curves.png``.

    Returns:
        list[list[str]]: The cells, headings first.
    """
    base = results[0]
    columns = choose_columns(results)
    rows = [
        [column.text(result, base) for column in columns] for result in results
    ]
    cells = [[column.title for column in columns], *rows]
    folder.mkdir(parents=True, exist_ok=True)
    draw_curves(results, folder / 'curves.png')
    batch = base.costs.batch_size
    pictures = [name for result in results for name in result.pictures]
    lines = [
        '# Comparison',
        '',
        markdown_table(cells),
        '',
        f'Costs are of one training step of {batch} pairs, forward and '
        'backward, whole model, look-ahead included; step time is relative '
        f'to `{base.name}`, interleaved on this machine. "kept: mentioned" '
        'is the share of patches overlapping an object that the caption '
        'mentions, among the patches that keep a token of their own in the '
        'last layer.',
        '',
        '![learning curves](curves.png)',
        '',
        *[f'![{name}]({name})\n' for name in pictures],
    ]
    (folder / 'report.md').write_text('\n'.join(lines))
    # Recipes are columns here: there are few of them, and many figures.
    width = 20 + 17 * len(rows)  # cells cut off are worse than lines that wrap
    turned = list(zip(*cells))
    print_table(turned, width=max(width, Console().width), align_right=True)
    return cells
