# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Dict, Mapping, Optional, TypeVar

from torch import Tensor

from .attention_trace import AttentionTrace
from .token_state import TokenState

_T = TypeVar('_T')
_FIELDS = ('guidance', 'scores', 'sample_keys')


@dataclass(frozen=True)
class Hints:
    """All that a tower is told about its images from outside.

    Nothing in here carries a gradient to where it came from: reducers decide
    by hints, and decisions are constants.

    Args:
        guidance (Tensor, optional): Text in vision width, shape ``(B, C)``.
            Defaults to None.
        scores (Tensor, optional): Importance of every *patch* of the image,
            shape ``(B, P)``. Defaults to None.
        sample_keys (Tensor, optional): What random choices follow from, one
            number per image, int64, shape ``(B,)``. Defaults to None.
        signals (Mapping[str, Tensor]): Anything else, by the name of its
            entry in ``SIGNALS``, one row per image. Defaults to an empty
            dict.
    """

    guidance: Optional[Tensor] = None
    scores: Optional[Tensor] = None
    sample_keys: Optional[Tensor] = None
    signals: Mapping[str, Tensor] = field(default_factory=dict)

    def get(self, name: str) -> Optional[Tensor]:
        """Look a hint up by its name.

        Args:
            name (str): One of the fields, or a name in ``signals``.

        Returns:
            Tensor or None: None if it is not there.
        """
        if name in _FIELDS:
            return getattr(self, name)
        return self.signals.get(name)

    def require(self, name: str) -> Tensor:
        """Look up a hint without which a strategy cannot decide.

        Args:
            name (str): As in :meth:`get`.

        Returns:
            Tensor: One row per image.

        Raises:
            ValueError: If it is not there.
        """
        value = self.get(name)
        if value is None:
            raise ValueError(
                f'Hints: {name!r} is looked at but is not there; name it in '
                'the needs of the reducer, or give it to the tower.'
            )
        return value

    def put(self, name: str, value: Tensor) -> 'Hints':
        """The same hints with one more.

        Args:
            name (str): As in :meth:`get`.
            value (Tensor): One row per image.

        Returns:
            Hints: A new object.
        """
        if name in _FIELDS:
            change: Dict[str, Any] = {name: value}
            return replace(self, **change)
        return replace(self, signals={**self.signals, name: value})


@dataclass(frozen=True)
class LayerView:
    """All that a reduction strategy may look at, at one layer.

    Args:
        index (int): Index of the layer, counted from 0.
        state (TokenState): Tokens at this point of the layer.
        hints (Hints): What came from outside of the tower; there is what the
            strategy ``needs``, if it was given or could be computed. Defaults
            to no hints.
        look_ahead (Callable, optional): ``look_ahead(probe, depth)`` sends
            ``probe (B, n, C)`` through this layer and the next ones, without
            gradient and without reduction, and returns the attention
            ``(B, n)`` that its first token pays in the last of ``depth``
            layers. Defaults to None.
        trace (AttentionTrace, optional): Attention of this very layer; only
            there after it ran. Defaults to None.
        mean_key (Callable, optional): ``mean_key()`` projects the tokens to
            the keys of this layer, averaged over the heads and without
            gradient, shape ``(B, N, d)``; only there before the layer ran,
            afterwards ``trace`` has them. Defaults to None.
        num_layers (int): Depth of the backbone. Defaults to 0, unknown.
    """

    index: int
    state: TokenState
    hints: Hints = field(default_factory=Hints)
    look_ahead: Optional[Callable[[Tensor, int], Tensor]] = None
    trace: Optional[AttentionTrace] = None
    mean_key: Optional[Callable[[], Tensor]] = None
    num_layers: int = 0

    def require_trace(self) -> AttentionTrace:
        """The attention of this very layer.

        Returns:
            AttentionTrace: ``trace``.

        Raises:
            ValueError: Before the attention, where it is not there yet.
        """
        return self._require(
            self.trace,
            'trace is only there after the attention; look at it in '
            'after_attention',
        )

    def require_look_ahead(self) -> Callable[[Tensor, int], Tensor]:
        """The look-ahead of the tower.

        Returns:
            Callable: ``look_ahead``.

        Raises:
            ValueError: If whoever made the view gave none.
        """
        return self._require(
            self.look_ahead,
            'there is no look_ahead, which a PrunedViT gives; set it where '
            'the view is made',
        )

    def require_mean_key(self) -> Callable[[], Tensor]:
        """The projection of the tokens to the keys of this layer.

        Returns:
            Callable: ``mean_key``.

        Raises:
            ValueError: After the attention, whose trace has the keys.
        """
        return self._require(
            self.mean_key,
            'mean_key is only there before the layer; afterwards call '
            'require_trace().mean_key()',
        )

    def _require(self, value: Optional[_T], problem: str) -> _T:
        if value is None:
            raise ValueError(f'LayerView of layer {self.index}: {problem}.')
        return value
