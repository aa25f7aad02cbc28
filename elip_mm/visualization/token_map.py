# Copyright (c) elip_mm contributors. All rights reserved.
import textwrap
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from elip_mm.structures import TokenState

from .painting import count_tokens, enlarge, paint_tokens

States = Union[TokenState, Dict[int, TokenState]]


def draw_token_map(
    image: np.ndarray,
    states: States,
    caption: str = '',
    mentioned_boxes: Optional[np.ndarray] = None,
    index: int = 0,
    max_stages: int = 5,
) -> np.ndarray:
    """Draw which patches of an image were kept, stage by stage.

    The image comes first, with the caption above; then one picture for each
    layer at which tokens were reduced, as :func:`paint_tokens` paints it. The
    counts are written under the pictures.

    Args:
        image (np.ndarray): The image, uint8, red-green-blue, shape
            ``(H, W, 3)``.
        states (dict[int, TokenState] or TokenState): Layer to the state
            after it, as ``PrunedViT.states`` returns them; layers that
            reduce nothing are skipped.
        caption (str): What guided the reduction. Defaults to ''.
        mentioned_boxes (np.ndarray, optional): Boxes of what the caption
            speaks of, framed in every picture: left, top, right and bottom
            edge in pixels, shape ``(n, 4)``. Defaults to None.
        index (int): Which image of the batch ``states`` are to be read for.
            Defaults to 0.
        max_stages (int): At most so many stages are shown, evenly spread and
            the last among them. Defaults to 5.

    Returns:
        np.ndarray: The picture, uint8, red-green-blue.
    """
    stages = _choose_stages(states, max_stages, index)
    panels = [(enlarge(image), f'{image.shape[1]} x {image.shape[0]} pixels')]
    for layer, state in stages:
        where = '' if layer is None else f'layer {layer}: '
        panels.append(
            (
                paint_tokens(image, state, index),
                f'{where}{count_tokens(state, index)}',
            )
        )
    figure = Figure(figsize=_figure_size(panels, caption), dpi=100)
    canvas = FigureCanvasAgg(figure)
    top = _write_caption(figure, caption, len(panels))
    factor = panels[0][0].shape[0] / image.shape[0]
    for number, (picture, words) in enumerate(panels):
        axes = figure.add_axes(
            (
                (number + 0.02) / len(panels),
                0.02,
                0.96 / len(panels),
                top - 0.02,
            )
        )
        _show(axes, picture, words)
        if mentioned_boxes is not None:
            _frame(axes, np.asarray(mentioned_boxes) * factor)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def save_token_sheet(
    path: Union[str, Path], maps: Sequence[np.ndarray]
) -> Path:
    """Write several pictures below each other into one file.

    Args:
        path (str or Path): File to write; its ending names the format, and
            missing folders are made.
        maps (Sequence[np.ndarray]): Pictures, uint8, red-green-blue, of any
            sizes.

    Returns:
        Path: The file.
    """
    if not maps:
        raise ValueError(
            'save_token_sheet: there is no picture to write; '
            'draw at least one with draw_token_map.'
        )
    height = sum(one.shape[0] for one in maps)
    width = max(one.shape[1] for one in maps)
    sheet = np.full((height, width, 3), 255, dtype=np.uint8)
    top = 0
    for one in maps:
        sheet[top : top + one.shape[0], : one.shape[1]] = one
        top += one.shape[0]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)
    return path


def _choose_stages(
    states: States, at_most: int, index: int
) -> List[Tuple[Optional[int], TokenState]]:
    """Layers after which fewer tokens are left than before."""
    if isinstance(states, TokenState):
        return [(None, states)]
    found, before = [], None
    for layer in sorted(states):
        owner = states[layer].owner[index]
        if before is None:
            changed = bool(
                count_tokens(states[layer], index).kept < len(owner)
            )
        else:
            changed = not bool((owner == before).all())
        if changed:
            found.append((layer, states[layer]))
        before = owner
    if not found:
        last = max(states)
        return [(last, states[last])]
    picks = np.linspace(0, len(found) - 1, min(at_most, len(found)))
    return [found[round(pick)] for pick in picks]


_PANEL_INCHES = 2.9
_LINE_INCHES = 0.24


def _wrap(caption: str, panels: int) -> List[str]:
    return textwrap.wrap(f'"{caption}"', 42 * panels) if caption else []


def _figure_size(panels: list, caption: str) -> Tuple[float, float]:
    height, width = panels[0][0].shape[:2]
    lines = len(_wrap(caption, len(panels))) + 1.6
    return (
        _PANEL_INCHES * len(panels),
        _PANEL_INCHES * 0.96 * height / width + _LINE_INCHES * lines,
    )


def _write_caption(figure: Figure, caption: str, panels: int) -> float:
    """Write the caption on top; return where pictures may begin."""
    lines = _wrap(caption, panels)
    inches = figure.get_size_inches()[1]
    figure.text(
        0.02 / panels,
        1 - 0.06 / inches,
        '\n'.join(lines),
        fontsize=11,
        va='top',
        style='italic',
    )
    return 1 - _LINE_INCHES * (len(lines) + 0.1) / inches


def _show(axes, picture: np.ndarray, words: str) -> None:
    axes.imshow(picture, interpolation='nearest')
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_anchor('N')
    axes.set_xlabel(words, fontsize=9, labelpad=4)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _frame(axes, boxes: np.ndarray) -> None:
    for left, top, right, bottom in boxes - 0.5:  # imshow counts from centres
        for colour, width in (('black', 3.0), ('white', 1.4)):
            axes.add_patch(
                Rectangle(
                    (left, top),
                    right - left,
                    bottom - top,
                    fill=False,
                    ec=colour,
                    lw=width,
                )
            )
