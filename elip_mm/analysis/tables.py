# Copyright (c) elip_mm contributors. All rights reserved.
"""Tables of text cells, for a file and for a terminal."""

from typing import Optional, Sequence

from rich.console import Console
from rich.table import Table

Cells = Sequence[Sequence[str]]


def markdown_table(cells: Cells) -> str:
    """Write a table in Markdown.

    Args:
        cells (Sequence[Sequence[str]]): Rows, that of the headings first.

    Returns:
        str: One line a row, without a line break at the end.
    """
    head, *rows = ['| ' + ' | '.join(row) + ' |' for row in cells]
    rule = '|' + ' --- |' * len(cells[0])
    return '\n'.join([head, rule, *rows])


def print_table(
    cells: Cells,
    title: Optional[str] = None,
    width: Optional[int] = None,
    align_right: bool = False,
) -> None:
    """Print a table to the terminal.

    Args:
        cells (Sequence[Sequence[str]]): Rows, that of the headings first.
        title (str, optional): Stands above it. Defaults to None.
        width (int, optional): Characters of a line. Defaults to None, those
            of the terminal.
        align_right (bool): Whether all but the first column are aligned to
            the right. Defaults to False.
    """
    head, *rows = cells
    table = Table(title=title)
    for index, heading in enumerate(head):
        right = align_right and index > 0
        table.add_column(heading, justify='right' if right else 'left')
    for row in rows:
        table.add_row(*row)
    Console(width=width).print(table)
