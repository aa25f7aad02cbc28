# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mmengine import Config

REDUCERS = Path(__file__).resolve().parents[2] / 'configs/_base_/reducers'


@dataclass(frozen=True)
class Variant:
    """A way to run a tower.

    Args:
        name (str): Name in tables.
        reducer (dict, optional): Config of the strategy. Defaults to None.
        research_style (bool): Whether the yardstick runs it. Defaults to
            False.
    """

    name: str
    reducer: Optional[dict] = None
    research_style: bool = False


def find_variant(text: str) -> Variant:
    """Read a variant from a command line.

    Args:
        text (str): ``dense``, ``research`` (ELIP as research code does it),
            the stem of a file in ``configs/_base_/reducers``, or
            ``name=path`` of a config that defines ``reducer``.

    Returns:
        Variant: The variant.
    """
    name, _, path = text.partition('=')
    if name == 'dense' and not path:
        return Variant(name)
    if name == 'research' and not path:
        path = REDUCERS / 'elip_vit-12layer.py'
        return Variant(name, read_reducer(path), research_style=True)
    path = Path(path) if path else REDUCERS / f'{name}.py'
    if not path.is_file():
        known = ', '.join(sorted(file.stem for file in REDUCERS.glob('*.py')))
        raise ValueError(
            f'there is no reducer config {path}; give NAME=PATH, or one of '
            f'dense, research, {known}.'
        )
    return Variant(name, read_reducer(path))


def read_reducer(path: Path) -> dict:
    """Read ``reducer`` from a config file."""
    cfg = Config.fromfile(path)
    if 'reducer' not in cfg:
        raise ValueError(f'{path} does not define `reducer`.')
    return cfg.reducer.to_dict()


def scale_keep(reducer: Optional[dict], keep: float) -> Optional[dict]:
    """Let the last stage of an ELIP config keep another share.

    What the earlier stages remove is scaled in proportion.

    Args:
        reducer (dict, optional): Config of an :class:`ELIPReducer`; others
            are returned as they are.
        keep (float): Share of the initial tokens after the last stage.

    Returns:
        dict or None: The new config.
    """
    if reducer is None or 'stages' not in reducer:
        return reducer
    factor = (1 - keep) / (1 - reducer['stages'][-1]['keep'])
    stages = [
        dict(stage, keep=max(1 - factor * (1 - stage['keep']), 0.01))
        for stage in reducer['stages']
    ]
    return dict(reducer, stages=stages)
