# Copyright (c) elip_mm contributors. All rights reserved.
from elip_mm.structures import Hints, TokenState


def check_hints(hints: Hints, state: TokenState, width: int) -> None:
    """Raise an error if hints do not belong to the images.

    Args:
        hints (Hints): What came from outside.
        state (TokenState): Tokens of the images.
        width (int): Width of the tower.
    """
    if not isinstance(hints, Hints):
        raise TypeError(
            f'PrunedViT takes Hints, but got a {type(hints).__name__}; write '
            'Hints(guidance=...) with elip_mm.structures.Hints.'
        )
    batch = len(state.tokens)
    if hints.guidance is not None:
        expected = (batch, width)
        if tuple(hints.guidance.shape) != expected:
            raise ValueError(
                f'PrunedViT expects guidance of shape {expected}, but got '
                f'{tuple(hints.guidance.shape)}; does the config lack a '
                '`guidance` module after the text encoder?'
            )
    if hints.scores is not None and hints.scores.shape != state.owner.shape:
        raise ValueError(
            'PrunedViT expects one score per patch, shape '
            f'{tuple(state.owner.shape)}, but got '
            f'{tuple(hints.scores.shape)}; leave the class token out, and '
            'score images of the same size.'
        )
    keys = hints.sample_keys
    if keys is not None and tuple(keys.shape) != (batch,):
        raise ValueError(
            f'PrunedViT expects one sample key per image, shape {(batch,)}, '
            f'but got {tuple(keys.shape)}.'
        )
    for name, signal in hints.signals.items():
        if len(signal) != batch:
            raise ValueError(
                f'PrunedViT expects one row per image in every signal, but '
                f'{name!r} has {len(signal)} rows for {batch} images.'
            )
