# Copyright (c) elip_mm contributors. All rights reserved.
"""The masking baselines: patches are dropped, by chance or by given scores."""

from typing import Optional

import torch
from torch import Tensor

from elip_mm.ops import (
    TowerShape,
    keep_and_drop,
    keyed_uniform,
    ratio_to_count,
)
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan
from elip_mm.utils.checks import check_number, check_whole

from .base import TokenReducer
from .checks import check_layers, check_ratio


class MaskingReducer(TokenReducer):
    """Drop patches before one layer; subclasses say which.

    Args:
        keep_ratio (float): Ratio of the patches that stays, in (0, 1];
            truncated to a count. Defaults to 0.5.
        layer (int): The drop happens before this layer, from 0. Defaults to
            0: what is dropped is never computed at all.
        seed (int): Another number drops other patches. Defaults to 0.
    """

    def __init__(
        self,
        keep_ratio: float = 0.5,
        layer: int = 0,
        seed: int = 0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        name = type(self).__name__
        self._keep_ratio = check_ratio(name, 'keep_ratio', keep_ratio)
        self._layer = check_whole(f'{name}: layer', layer)
        self._seed = check_whole(f'{name}: seed', seed, low=-(2**63))

    def setup(self, tower: TowerShape) -> None:
        """Raise a ValueError if the layer does not exist."""
        check_layers(type(self).__name__, (self._layer,), tower.num_layers)

    def score(self, view: LayerView) -> Optional[Tensor]:
        """Importance of every patch, shape ``(B, P)``; None drops none."""
        raise NotImplementedError

    def before_layer(self, view: LayerView) -> Optional[TokenPlan]:
        """Drop the patches that are scored low."""
        if view.index != self._layer:
            return None
        # Only this plan changes the sequence, so tokens are still patches.
        state = view.state
        goal = ratio_to_count(self._keep_ratio, state.num_patches)
        num_keep = self.ease(state.num_patches, goal)
        if num_keep >= state.num_patches:
            return None
        scores = self.score(view)
        if scores is None:
            return None
        return keep_and_drop(scores, num_keep, state.num_prefix)


@TOKEN_REDUCERS.register_module()
class RandomReducer(MaskingReducer):
    """Drop patches at random, as FLIP does.

    The choice follows from a key of the image (by default its pixels, see
    ``SampleKeys``) and the seed, never from a generator: a batch
    drops what its images would have dropped alone, and a resumed run what an
    unbroken one would have.

    Args:
        keep_ratio (float): As in :class:`MaskingReducer`. Defaults to 0.5.
        layer (int): As in :class:`MaskingReducer`. Defaults to 0.
        seed (int): As in :class:`MaskingReducer`. Defaults to 0.

    Source: https://arxiv.org/abs/2212.00794.
    """

    needs = ('sample_keys',)

    def score(self, view: LayerView) -> Tensor:
        """One random number per patch."""
        return keyed_uniform(
            view.hints.require('sample_keys'),
            view.state.num_patches,
            self._seed,
        )


@TOKEN_REDUCERS.register_module()
class CenterReducer(MaskingReducer):
    """Drop patches at random, those far from the centre first, as GLIP does.

    Patches are chosen one after the other without replacement, each with a
    chance proportional to a Gaussian around the centre of the image.

    Args:
        keep_ratio (float): As in :class:`MaskingReducer`. Defaults to 0.5.
        layer (int): As in :class:`MaskingReducer`. Defaults to 0.
        spread (float): Standard deviation of the Gaussian as a ratio of the
            height and of the width of the image. Defaults to 0.2.
        seed (int): As in :class:`MaskingReducer`. Defaults to 0.

    Source: the idea is that of https://arxiv.org/abs/2403.15837 (Gaussian
    masking centred on the image).
    """

    needs = ('sample_keys',)

    def __init__(
        self,
        keep_ratio: float = 0.5,
        layer: int = 0,
        spread: float = 0.2,
        seed: int = 0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(keep_ratio, layer, seed, init_cfg)
        # In between, its square is a number in float32.
        self._spread = check_number('CenterReducer: spread', spread, 1e-6, 1e6)

    def score(self, view: LayerView) -> Tensor:
        """One random number per patch, higher near the centre.

        The largest values of ``log(u) / w`` are a sample without replacement
        with chances proportional to ``w``. Compared by its logarithm, with
        the sign turned, so that far corners do not underflow.
        """
        state, keys = view.state, view.hints.require('sample_keys')
        drawn = keyed_uniform(keys, state.num_patches, self._seed)
        return self._log_weight(state.grid, drawn) - (-drawn.log()).log()

    def _log_weight(self, grid, like: Tensor) -> Tensor:
        """Logarithm of the Gaussian at every patch, shape ``(P,)``."""
        rows, columns = (
            (torch.arange(side, device=like.device) + 0.5) / side - 0.5
            for side in grid
        )
        square = rows[:, None] ** 2 + columns**2
        return -(square / (2 * self._spread**2)).flatten().to(like.dtype)
