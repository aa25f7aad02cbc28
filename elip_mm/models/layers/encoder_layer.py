# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Callable, Optional, Tuple, Union

import torch
import torch.nn.functional as F
from mmpretrain.models.backbones.vision_transformer import (
    TransformerEncoderLayer,
)
from torch import Tensor, nn

from elip_mm.structures import AttentionTrace, TokenPlan
from elip_mm.utils.precision import exact, widen

from .lora import weight_of
from .no_dropout import cast_drop_rates, no_dropout
from .proportional import attend_with_bias

Decide = Callable[[Tensor, AttentionTrace], Optional[TokenPlan]]


def check_plain(layer: nn.Module) -> None:
    """Raise a ValueError if a layer cannot be adopted.

    Args:
        layer (nn.Module): A layer of a vision tower.
    """
    if type(layer) is not TransformerEncoderLayer:
        raise ValueError(
            'ReducibleEncoderLayer can only take over a plain '
            'TransformerEncoderLayer of mmpretrain, but got a '
            f'{type(layer).__name__}, whose forward may differ; build the '
            'backbone with plain layers.'
        )


class ReducibleEncoderLayer(TransformerEncoderLayer):
    """mmpretrain's encoder layer in two halves, with a decision in between.

    The weights and their names are the parent's, and so are its results bit
    for bit. What is new: after the attention a strategy may decide on a
    :class:`TokenPlan`, and a look-ahead may ask for one row of the attention
    instead of the output. Both go through :meth:`forward`, so wrappers that
    gather sharded weights around a forward see every use of them.

    Args:
        causal (bool): Whether a token sees only those before it, as in text
            towers. Defaults to False.
        *args: Those of mmpretrain's ``TransformerEncoderLayer``.
        **kwargs: The same.
    """

    # That of nn.Module, which mypy does not see: mmpretrain has no types.
    __call__: Callable[..., Any]

    def __init__(self, *args, causal: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.causal = causal

    @classmethod
    def adopt(cls, layer: TransformerEncoderLayer) -> 'ReducibleEncoderLayer':
        """Turn a plain layer into this class, in place.

        It stays the same object with the same parts and parameters.
        :meth:`release` turns it back.

        Args:
            layer (TransformerEncoderLayer): A layer of mmpretrain's
                ``VisionTransformer``, not of a subclass.

        Returns:
            ReducibleEncoderLayer: ``layer``.
        """
        check_plain(layer)
        layer.__class__ = cls
        layer.causal = False
        cast_drop_rates(layer)
        return layer

    def release(self) -> TransformerEncoderLayer:
        """Undo :meth:`adopt`, in place; the layer is a plain one again."""
        del self.causal
        self.__class__ = TransformerEncoderLayer
        return self

    def forward(
        self,
        tokens: Tensor,
        bias: Optional[Tensor] = None,
        decide: Optional[Decide] = None,
        mode: str = 'full',
    ) -> Union[Tensor, Tuple[Tensor, Optional[TokenPlan]]]:
        """Run the layer, or the part of it that scoring tokens needs.

        Args:
            tokens (Tensor): Shape ``(B, N, C)``.
            bias (Tensor, optional): Added to the attention logits of every
                query, shape ``(B, N)``; in mode ``'full'`` only. Defaults to
                None.
            decide (Callable, optional): Called as ``decide(tokens, trace)``
                after the attention; the plan it returns is followed before
                the feed-forward half. In mode ``'full'`` only. Defaults to
                None.
            mode (str): What to do and to return. Defaults to 'full'.

                - ``'full'``: the whole layer.
                - ``'look_ahead'``: the whole layer, unreduced, without
                  dropout and stochastic depth.
                - ``'score'``: only the attention of the first token.
                - ``'mean_key'``: only the keys, averaged over the heads.

        Returns:
            tuple or Tensor: By mode: ``'full'`` the new tokens ``(B, M, C)``
            and the plan that was followed, or None; ``'look_ahead'`` the new
            tokens ``(B, N, C)``; ``'score'`` probabilities ``(B, N)``;
            ``'mean_key'`` keys ``(B, N, d)``.
        """
        if mode == 'full':
            tokens, trace = self.attend(tokens, bias)
            plan = None if decide is None else decide(tokens, trace)
            if plan is not None:
                tokens = plan.combine(tokens)
            return self.feed_forward(tokens), plan
        if mode not in ('look_ahead', 'score', 'mean_key'):
            raise ValueError(
                "ReducibleEncoderLayer: mode must be 'full', 'look_ahead', "
                f"'score' or 'mean_key', but got {mode!r}."
            )
        if bias is not None or decide is not None:
            raise ValueError(
                f'ReducibleEncoderLayer: mode {mode!r} takes tokens alone; '
                "bias and decide belong to mode 'full'."
            )
        if mode == 'score':
            return self.score(tokens)
        if mode == 'mean_key':
            return self.mean_key(tokens)
        with no_dropout(self):
            return self.feed_forward(self.attend(tokens)[0])

    def attend(
        self, tokens: Tensor, bias: Optional[Tensor] = None
    ) -> Tuple[Tensor, AttentionTrace]:
        """First half: self-attention with its residual.

        Args:
            tokens (Tensor): Shape ``(B, N, C)``.
            bias (Tensor, optional): Shape ``(B, N)``. Defaults to None.

        Returns:
            tuple[Tensor, AttentionTrace]: Tokens ``(B, N, C)`` and what the
            attention was made of.
        """
        attn = self.attn
        batch, length, _ = tokens.shape
        query, key, value = (
            attn.qkv(self.ln1(tokens))
            .reshape(batch, length, 3, attn.num_heads, attn.head_dims)
            .permute(2, 0, 3, 1, 4)
            .unbind(0)
        )
        dropout = attn.attn_drop if attn.training else 0.0
        if bias is None:
            mixed = F.scaled_dot_product_attention(
                query, key, value, dropout_p=dropout, is_causal=self.causal
            )
        else:
            mixed = attend_with_bias(query, key, value, bias, dropout)
        mixed = mixed.transpose(1, 2).reshape(batch, length, attn.embed_dims)
        mixed = attn.out_drop(attn.gamma1(attn.proj_drop(attn.proj(mixed))))
        return tokens + mixed, AttentionTrace(query, key, bias)

    def feed_forward(self, tokens: Tensor) -> Tensor:
        """Second half: feed-forward network, shape ``(B, N, C)``."""
        return self.ffn(self.ln2(tokens), identity=tokens)

    @torch.no_grad()
    def score(self, tokens: Tensor) -> Tensor:
        """Attention that the first token pays in this layer.

        The key projection is absorbed into the single query: per head,
        ``q (W y_j + b) = (W^T q) y_j + q b``, and ``q b`` is the same for
        all ``j``, so the softmax does not see it. Neither keys nor values of
        the other tokens are ever projected, which makes a score cost
        ``2 C^2 + N C heads`` multiply-adds in place of ``N C^2``.

        Args:
            tokens (Tensor): Shape ``(B, N, C)``.

        Returns:
            Tensor: Probabilities averaged over the heads, float32 or wider
            even under autocast, shape ``(B, N)``.
        """
        with exact(tokens.device):
            tokens = self._normalise(tokens)
            if not isinstance(self.attn.qkv, nn.Linear):
                return self._score_by_keys(tokens)
            width, dims = self.attn.embed_dims, self.attn.head_dims
            weight, bias = weight_of(self.attn.qkv), self.attn.qkv.bias
            query = F.linear(
                tokens[:, 0],
                widen(weight[:width]),
                None if bias is None else widen(bias[:width]),
            )
            key_weight = widen(weight[width : 2 * width]).view(-1, dims, width)
            query = torch.einsum(
                'bhd,hdc->bhc', query.view(len(query), -1, dims), key_weight
            )
            logits = query @ tokens.transpose(1, 2) * dims**-0.5
            return logits.softmax(dim=-1).mean(dim=1)

    @torch.no_grad()
    def mean_key(self, tokens: Tensor) -> Tensor:
        """Keys of all tokens, averaged over the heads.

        The projection is averaged instead of the keys, which costs
        ``N C d`` multiply-adds in place of ``N C^2``.

        Args:
            tokens (Tensor): Shape ``(B, N, C)``.

        Returns:
            Tensor: In float32 or wider, shape ``(B, N, d)``.
        """
        with exact(tokens.device):
            tokens = self._normalise(tokens)
            attn, width = self.attn, self.attn.embed_dims
            if not isinstance(attn.qkv, nn.Linear):
                keys = attn.qkv(tokens)[..., width : 2 * width]
                return keys.unflatten(-1, (-1, attn.head_dims)).mean(dim=2)
            weight = widen(weight_of(attn.qkv)[width : 2 * width])
            weight = weight.view(-1, attn.head_dims, width).mean(dim=0)
            bias: Optional[Tensor] = attn.qkv.bias
            if bias is not None:
                bias = widen(bias[width : 2 * width])
                bias = bias.view(-1, attn.head_dims).mean(dim=0)
            return F.linear(tokens, weight, bias)

    def _normalise(self, tokens: Tensor) -> Tensor:
        """First norm, in float32 or wider unless its weights are narrower."""
        weight = getattr(self.ln1, 'weight', None)
        dtype = widen(tokens).dtype if weight is None else weight.dtype
        return widen(self.ln1(tokens.to(dtype)))

    def _score_by_keys(self, tokens: Tensor) -> Tensor:
        """The same where the projection is not a plain linear layer."""
        batch, length, _ = tokens.shape
        query, key, _ = (
            self.attn.qkv(tokens)
            .reshape(
                batch, length, 3, self.attn.num_heads, self.attn.head_dims
            )
            .permute(2, 0, 3, 1, 4)
            .unbind(0)
        )
        return AttentionTrace(query, key).attention_from(0)
