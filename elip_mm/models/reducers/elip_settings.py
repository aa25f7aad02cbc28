# Copyright (c) elip_mm contributors. All rights reserved.
"""Settings of ELIP as configs give them, checked before anything is built."""

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple, Union

from elip_mm.utils.checks import (
    check_list,
    check_number,
    check_whole,
    shown,
)

from .checks import check_counts

DEFAULT_STAGES = (
    dict(layer=2, look_ahead=2, keep_ratio=0.90),
    dict(layer=4, look_ahead=6, keep_ratio=0.65),
    dict(layer=10, look_ahead=2, keep_ratio=0.40),
)
# What a call without text does, and how a text vector is scaled.
GUIDANCE_RULES = ('keep_all', 'vision')
GUIDANCE_SCALES = ('as_is', 'match_cls')


@dataclass(frozen=True)
class ELIPStage:
    """One reduction of ELIP.

    Args:
        layer (int): The reduction happens before this layer, from 0.
        look_ahead (int): Depth of the look-ahead in layers, this one
            included.
        keep_ratio (float): Ratio of the *initial* tokens that stays, in
            (0, 1].
    """

    layer: int
    look_ahead: int
    keep_ratio: float


def read_count_base(count_base: Union[str, int]) -> Union[str, int]:
    """Check ``count_base``.

    Args:
        count_base (str | int): What ratios refer to.

    Returns:
        str or int: The same, numbers as plain ones.
    """
    if isinstance(count_base, str) and count_base in ('patches', 'tokens'):
        return count_base
    try:
        return check_whole('ELIPReducer: count_base', count_base, low=1)
    except ValueError:
        raise ValueError(
            "ELIPReducer: count_base must be 'patches', 'tokens' or a "
            f'positive number, but got {shown(count_base)}.'
        ) from None


def read_stages(
    stages: Sequence[dict], with_ratios: bool = True
) -> Tuple[ELIPStage, ...]:
    """Freeze the stages of a config; raise if they make no sense.

    Args:
        stages (Sequence[dict]): Records ``dict(layer, look_ahead,
            keep_ratio)``.
        with_ratios (bool): Whether the ratios count. If a budget takes their
            place, they may be missing and become 1. Defaults to True.

    Returns:
        tuple[ELIPStage]: The stages, in order of their layers.
    """
    records = check_list('ELIPReducer: stages', stages)
    if not records:
        raise ValueError(
            'ELIPReducer: stages is empty, so nothing would be reduced; leave '
            'the reducer of the tower out if that is meant.'
        )
    if not with_ratios:
        records = tuple(
            {**stage, 'keep_ratio': 1.0}
            if isinstance(stage, Mapping)
            else stage
            for stage in records
        )
    frozen = tuple(_read_stage(*numbered) for numbered in enumerate(records))
    for earlier, later in zip(frozen, frozen[1:]):
        if earlier.layer >= later.layer:
            raise ValueError(
                'ELIPReducer: the stages must be sorted by layer without '
                f'repetition, but layer {later.layer} follows layer '
                f'{earlier.layer}.'
            )
        if earlier.keep_ratio < later.keep_ratio:
            raise ValueError(
                'ELIPReducer: a later stage cannot keep more; the one before '
                f'layer {later.layer} keeps {later.keep_ratio}, after '
                f'{earlier.keep_ratio}. Ratios refer to the initial tokens.'
            )
    return frozen


def _read_stage(index: int, stage: Any) -> ELIPStage:
    """Freeze one stage."""
    wanted = {'layer', 'look_ahead', 'keep_ratio'}
    name = f'ELIPReducer: stage {index}'
    if not isinstance(stage, Mapping) or set(stage) != wanted:
        raise ValueError(
            f'{name} must have the keys {sorted(wanted)}, but is '
            f'{shown(stage)}.'
        )
    layer, look_ahead = stage['layer'], stage['look_ahead']
    try:
        ratio = check_number(
            'keep_ratio', stage['keep_ratio'], above=0, high=1
        )
    except ValueError as error:
        raise ValueError(
            f'{name}: {error} Counts go into keep_counts, something like '
            "'flops:0.75' into budget."
        ) from None
    return ELIPStage(
        layer=check_whole(f'{name}: layer', layer),
        look_ahead=check_whole(f'{name}: look_ahead', look_ahead, low=1),
        keep_ratio=ratio,
    )


def read_counts(
    counts: Optional[Sequence[int]], stages: Tuple[ELIPStage, ...]
) -> Optional[Tuple[int, ...]]:
    """Freeze ``keep_counts``; raise if they do not fit the stages.

    Args:
        counts (Sequence[int], optional): Tokens that each stage keeps.
        stages (tuple[ELIPStage]): The stages.

    Returns:
        tuple[int] or None: The counts, if there are any.
    """
    if counts is None:
        return None
    counts = check_counts('ELIPReducer', 'keep_counts', counts, low=1)
    falling = all(a >= b for a, b in zip(counts, counts[1:]))
    if len(counts) != len(stages) or not falling:
        raise ValueError(
            f'ELIPReducer: keep_counts needs {len(stages)} positive whole '
            'numbers, one per stage, none larger than the one before; got '
            f'{counts}.'
        )
    return counts
