# Copyright (c) elip_mm contributors. All rights reserved.
"""Settings of ELIP as configs give them, checked before anything is built."""

from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple, Union

DEFAULT_STAGES = (
    dict(layer=2, look_ahead=2, keep_ratio=0.90),
    dict(layer=4, look_ahead=6, keep_ratio=0.65),
    dict(layer=10, look_ahead=2, keep_ratio=0.40),
)


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


def is_count(value: Any) -> bool:
    """Whether a value is a positive whole number, which True is not."""
    return isinstance(value, int) and value > 0 and value is not True


def check_settings(
    text_weight: float,
    eps: float,
    count_base: Union[str, int],
    without_guidance: str,
    guidance_scale: str,
    merge_tokens: int,
) -> None:
    """Raise a ValueError if a setting of :class:`ELIPReducer` is unfit.

    Args:
        text_weight (float): See there, as all others.
        eps (float): Added to the sum of the fused scores.
        count_base (str | int): What ratios refer to.
        without_guidance (str): What a call without text does.
        guidance_scale (str): How the text vector is scaled.
        merge_tokens (int): Tokens that the unkept ones become.
    """
    if not 0 <= text_weight <= 1:
        raise ValueError(
            'ELIPReducer: text_weight must lie in [0, 1], but got '
            f'{text_weight}.'
        )
    if not eps >= 0:
        raise ValueError(
            f'ELIPReducer: eps must not be negative, but got {eps}.'
        )
    if count_base not in ('patches', 'tokens') and not is_count(count_base):
        raise ValueError(
            "ELIPReducer: count_base must be 'patches', 'tokens' or a "
            f'positive number, but got {count_base!r}.'
        )
    if without_guidance not in ('keep_all', 'vision'):
        raise ValueError(
            "ELIPReducer: without_guidance must be 'keep_all' or 'vision', "
            f'but got {without_guidance!r}.'
        )
    if guidance_scale not in ('as_is', 'match_cls'):
        raise ValueError(
            "ELIPReducer: guidance_scale must be 'as_is' or 'match_cls', but "
            f'got {guidance_scale!r}.'
        )
    if not is_count(merge_tokens):
        raise ValueError(
            'ELIPReducer: merge_tokens must be a positive number of tokens, '
            f'but got {merge_tokens!r}.'
        )


def read_stages(stages: Sequence[dict]) -> Tuple[ELIPStage, ...]:
    """Freeze the stages of a config; raise if they make no sense.

    Args:
        stages (Sequence[dict]): Records ``dict(layer, look_ahead,
            keep_ratio)``.

    Returns:
        tuple[ELIPStage]: The stages, in order of their layers.
    """
    wanted = {'layer', 'look_ahead', 'keep_ratio'}
    for index, stage in enumerate(stages):
        if set(stage) != wanted:
            raise ValueError(
                f'ELIPReducer: stage {index} must have the keys '
                f'{sorted(wanted)}, but has {sorted(stage)}.'
            )
        if stage['keep_ratio'] is None or not 0 < stage['keep_ratio'] <= 1:
            raise ValueError(
                f'ELIPReducer: stage {index} has keep_ratio='
                f'{stage["keep_ratio"]}; it must be a ratio in (0, 1]. Counts '
                "go into keep_counts, something like 'flops:0.75' into budget."
            )
        whole = all(isinstance(stage[n], int) for n in ('layer', 'look_ahead'))
        if not whole or stage['layer'] < 0 or stage['look_ahead'] < 1:
            raise ValueError(
                f'ELIPReducer: stage {index} needs layer >= 0 and '
                f'look_ahead >= 1, whole numbers, but got {dict(stage)}.'
            )
    frozen = tuple(ELIPStage(**stage) for stage in stages)
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
    counts = tuple(counts)
    whole = all(is_count(count) for count in counts)
    falling = whole and all(a >= b for a, b in zip(counts, counts[1:]))
    if len(counts) != len(stages) or not falling:
        raise ValueError(
            f'ELIPReducer: keep_counts needs {len(stages)} positive whole '
            'numbers, one per stage, none larger than the one before; got '
            f'{counts}.'
        )
    return counts
